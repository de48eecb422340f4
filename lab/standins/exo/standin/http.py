# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A small HTTP/1.1 server: routes, JSON, streams, and the answers FastAPI gives to everything else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

_MAXIMUM_HEAD = 64 * 1024
_MAXIMUM_BODY = 256 * 1024 * 1024
_JSON = "application/json"


@dataclass
class Request:
    """What a client sent."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    groups: dict[str, str] = field(default_factory=dict)


@dataclass
class Response:
    """An answer in one piece, or a stream of pieces."""

    body: bytes = b""
    status: int = 200
    content_type: str = _JSON
    stream: AsyncIterator[bytes] | None = None
    headers: tuple[tuple[str, str], ...] = ()


class HttpError(Exception):
    """An error in exo's own envelope."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class InvalidRequestError(Exception):
    """A request that does not fit the schema: a 422 with its details."""

    def __init__(self, detail: list[dict[str, Any]]) -> None:
        super().__init__("invalid request")
        self.detail = detail


def as_json(value: Any, status: int = 200) -> Response:
    """Return a value as a JSON answer."""
    return Response(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), status)


def error(status: int, message: str) -> Response:
    """Return exo's error envelope."""
    content = {"message": message, "type": HTTPStatus(status).phrase, "param": None, "code": status}
    return as_json({"error": content}, status)


class Server:
    """Routes and connections."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Callable[[Request], Awaitable[Response]]]] = []
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()

    def route(self, method: str, path: str, handler: Callable[[Request], Awaitable[Response]]) -> None:
        """Add a route; {name} matches one segment and {name:path} the rest."""
        pattern = re.sub(r"\{(\w+):path\}", r"(?P<\1>.*)", path)
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        self._routes.append((method, re.compile(pattern), handler))

    async def listen(self, port: int) -> None:
        """Accept connections on every address; there is no setting for another one."""
        every_address = "0.0.0.0"  # noqa: S104 - as exo does
        self._server = await asyncio.start_server(self._serve, every_address, port, limit=_MAXIMUM_HEAD)

    def close(self) -> None:
        """Stop at once."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        self._connections.add(writer)
        try:
            while True:
                request = await _read_request(reader)
                if request is None:
                    break
                response = await self._answer(request)
                keep = request.headers.get("connection", "").lower() != "close" and response.stream is None
                await _write(writer, request, response, keep=keep)
                if not keep:
                    break
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._connections.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()

    async def _answer(self, request: Request) -> Response:
        """Find the handler; what has none falls through to the static files of the dashboard."""
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            return Response(b"OK", content_type="text/plain; charset=utf-8")
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match is None or method != request.method:
                continue
            request.groups = match.groupdict()
            try:
                return await handler(request)
            except HttpError as failure:
                return error(failure.status, str(failure))
            except InvalidRequestError as failure:
                return as_json({"detail": failure.detail}, 422)
            except (KeyError, TypeError, ValueError, AttributeError, OSError):
                return Response(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        if request.method in ("GET", "HEAD"):
            return as_json({"detail": "Not Found"}, 404)
        return as_json({"detail": "Method Not Allowed"}, 405)


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request; None when the client is done."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    size = int(headers.get("content-length", "0"))
    if size > _MAXIMUM_BODY:
        raise ValueError("oversized body")
    if headers.get("expect", "").lower() == "100-continue":
        raise ValueError("expectations are not supported")
    body = await reader.readexactly(size)
    path, _, query = target.partition("?")
    return Request(method, unquote(path), parse_qs(query, keep_blank_values=True), headers, body)


async def _write(writer: asyncio.StreamWriter, request: Request, response: Response, *, keep: bool) -> None:
    """Write an answer; a stream goes out in chunks."""
    headers = [
        ("content-type", response.content_type),
        ("date", formatdate(usegmt=True)),
        ("server", "hypercorn-h11"),
        *response.headers,
    ]
    if "origin" in request.headers:
        headers += [("access-control-allow-origin", "*"), ("access-control-allow-credentials", "true")]
    if response.stream is None:
        headers.append(("content-length", str(len(response.body))))
    else:
        headers.append(("transfer-encoding", "chunked"))
    if not keep:
        headers.append(("connection", "close"))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    writer.write(f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n{lines}\r\n".encode())
    if response.stream is not None:
        async for piece in response.stream:
            writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
            await writer.drain()
        writer.write(b"0\r\n\r\n")
    elif request.method != "HEAD":
        writer.write(response.body)
    await writer.drain()
