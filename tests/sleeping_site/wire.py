# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests byte by byte, as no library sends them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.sleeping_site.site import Site

PORT = 8100


async def send(site: Site, *pieces: bytes, seconds: float = 15, every: float = 0.0) -> bytes:
    """Send pieces on one connection and return what comes until it is closed or nothing more comes."""
    reader, writer = await asyncio.open_connection(site.address, PORT)
    found = b""
    try:
        async with asyncio.timeout(seconds):
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(every)
            with contextlib.suppress(ConnectionError):
                while part := await reader.read(65536):
                    found += part
    except TimeoutError:
        pass
    finally:
        writer.close()
    return found


def head(secret: str | None, *headers: str, line: str = "POST /v1/chat/completions HTTP/1.1", host: str = "a") -> bytes:
    """Return the head of a request."""
    lines = [line, f"Host: {host}", *headers]
    if secret is not None:
        lines.append(f"Authorization: Bearer {secret}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def statuses(said: bytes) -> list[int]:
    """Return the status of each answer in what came."""
    return [int(number) for number in re.findall(rb"HTTP/1\.[01] (\d{3})", said)]
