# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Enter network namespaces without starting a program."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path
from typing import TYPE_CHECKING

from lab import names

if TYPE_CHECKING:
    from collections.abc import Iterator

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def inside(namespace: str) -> Iterator[None]:
    """Make this thread a member of a network namespace; sockets made meanwhile stay in it."""
    with Path("/proc/thread-self/ns/net").open("rb") as own, (names.NETNS_DIRECTORY / namespace).open("rb") as other:
        _enter(other.fileno())
        try:
            yield
        finally:
            _enter(own.fileno())


def _enter(descriptor: int) -> None:
    if _libc.setns(descriptor, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
