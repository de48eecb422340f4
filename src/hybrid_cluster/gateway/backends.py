# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests to backends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import aiohttp

from hybrid_cluster.gateway import upstream_errors
from hybrid_cluster.gateway.errors import Failure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hybrid_cluster.gateway.rotation import Rotation
    from hybrid_cluster.gateway.routes import Member

CONNECT_SECONDS = 2.0
_AGAIN_SECONDS = 10.0
# Of <netinet/tcp.h> on a Mac.
_TCP_KEEPALIVE = 0x10
_LONGEST_ANSWER = 256 * 1024 * 1024
_LONGEST_ERROR = 64 * 1024
# What can go wrong on the way, at any time.
_BROKEN = (aiohttp.ClientError, asyncio.IncompleteReadError, OSError, TimeoutError)


class Backends:
    """Asks members."""

    def __init__(self, silence: float, rotation: Rotation) -> None:
        # A connection for each request: one that is kept open is half-open after its host slept, and is closed by the
        # other end at the moment it is used again. What a client sent of itself goes to nobody.
        connector = aiohttp.TCPConnector(limit=0, force_close=True, socket_factory=_socket)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
        )
        self._rotation = rotation

    async def close(self) -> None:
        """End every request."""
        await self._session.close()

    @contextlib.asynccontextmanager
    async def ask(
        self, member: Member, path: str, body: bytes, content_type: str = "application/json"
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and return its answer, which is read within; leaving ends the request at the backend too."""
        headers = _headers(member, content_type)
        self._rotation.began(member)
        try:
            async with await self._post(member, path, body, headers) as response:
                yield response
        finally:
            self._rotation.ended(member)

    async def probe(self, member: Member, path: str, body: bytes | None, within: float) -> bytes:
        """Return what a member answers to the gateway itself, which counts as no use; without a body it is a GET."""
        headers, method = _headers(member, "application/json"), "GET" if body is None else "POST"
        try:
            async with (
                asyncio.timeout(within),
                self._session.request(
                    method, member.address + path, data=body, headers=headers, allow_redirects=False
                ) as response,
            ):
                await check_status(response, member)
                return await whole(response, member)
        except _BROKEN as error:
            raise Failure(503, f"{member.backend} cannot be asked.", code="backend_unreachable") from error

    async def _post(self, member: Member, path: str, body: bytes, headers: dict[str, str]) -> aiohttp.ClientResponse:
        try:
            return await self._session.post(member.address + path, data=body, headers=headers, allow_redirects=False)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            sentence = f"{member.backend} cannot be reached."
            raise Failure(503, sentence, code="backend_unreachable", retry_after=_AGAIN_SECONDS) from error
        except _BROKEN as error:
            raise broken(member) from error


def _socket(address: aiohttp.AddrInfoType) -> socket.socket:
    """Return a socket that finds out that its host is gone, however long a model may think."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # macOS has another word for the first.
    idle = socket.TCP_KEEPIDLE if hasattr(socket, "TCP_KEEPIDLE") else _TCP_KEEPALIVE
    for option, value in ((idle, 15), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3)):
        made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _headers(member: Member, content_type: str) -> dict[str, str]:
    headers = {"Content-Type": content_type, "Accept-Encoding": "identity", "User-Agent": "hybrid-gateway"}
    return headers if member.key is None else headers | {"Authorization": f"Bearer {member.key}"}


def broken(member: Member) -> Failure:
    """Return the failure of an answer that breaks off."""
    return Failure(502, f"{member.backend} broke off its answer.", code="answer_cut")


async def chunks(response: aiohttp.ClientResponse, member: Member) -> AsyncIterator[bytes]:
    """Return what comes, as it comes."""
    try:
        async for chunk in response.content.iter_any():
            yield chunk
    except _BROKEN as error:
        raise broken(member) from error


async def whole(response: aiohttp.ClientResponse, member: Member) -> bytes:
    """Return all of an answer, within a bound."""
    found = bytearray()
    async for chunk in chunks(response, member):
        found += chunk
        if len(found) > _LONGEST_ANSWER:
            raise Failure(502, f"{member.backend} sent an answer that does not end.", code="backend_error")
    return bytes(found)


async def check_status(response: aiohttp.ClientResponse, member: Member) -> None:
    """Pass over an answer with a good status, and fail with what every other one says."""
    if response.status == 200:
        return
    found = bytearray()
    async for chunk in chunks(response, member):
        found += chunk
        if len(found) > _LONGEST_ERROR:
            break
    raise upstream_errors.from_answer(response.status, bytes(found), str(member.backend))
