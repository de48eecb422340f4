# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Running macOS's programs, and remembering what they said while nothing on the simulated Mac changed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

_SIMULATOR = Path("/private/var/db/simulator")
_WATCHED = ("cables.json", "state", "state/network.json")
_TIMEOUT = 30.0
_LIFETIME = 300.0
_LIFETIME_UNWATCHED = 30.0

_remembered: dict[tuple[str, ...], tuple[float, tuple[int, ...], str]] = {}


class ProgramError(OSError):
    """A program that is missing, failed or did not end."""


async def run(*argv: str) -> str:
    """Return what a program prints."""
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        raise ProgramError(f"{argv[0]}: {error.strerror}") from error
    try:
        async with asyncio.timeout(_TIMEOUT):
            text, _ = await process.communicate()
    except TimeoutError as error:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        raise ProgramError(f"{argv[0]} did not end") from error
    if process.returncode:
        raise ProgramError(f"{' '.join(argv)} failed with code {process.returncode}")
    return text.decode("utf-8", "replace")


def _fingerprint() -> tuple[int, ...]:
    """Return what changes when the simulated Mac's cables or settings do."""
    stamps = []
    for name in _WATCHED:
        with contextlib.suppress(OSError):
            stamps.append((_SIMULATOR / name).stat().st_mtime_ns)
    return tuple(stamps)


async def output(*argv: str) -> str:
    """Return what a program prints, or what it printed lately: each run costs a simulated Mac a tenth of a second."""
    current, now = _fingerprint(), time.monotonic()
    lifetime = _LIFETIME if current else _LIFETIME_UNWATCHED
    if argv in _remembered:
        began, fingerprint, text = _remembered[argv]
        if fingerprint == current and now - began < lifetime:
            return text
    text = await run(*argv)
    _remembered[argv] = (now, current, text)
    return text
