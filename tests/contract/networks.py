# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A network of a test's own: what it listens at, routes and filters is nobody else's."""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of <sched.h>."""


@contextlib.contextmanager
def own_network(addresses: Iterable[str] = ()) -> Iterator[None]:
    """Have this thread, and what it starts, in a new network with addresses on its loopback, until the end; or skip."""
    if os.geteuid() != 0:
        pytest.skip("A network of its own needs root.")
    c_library = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        if c_library.unshare(NEW_NETWORK):
            pytest.skip(f"This machine lets nobody have a network of its own: {os.strerror(ctypes.get_errno())}.")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for address in addresses:
            # Of IPv6, one that may be used at once.
            words = ["nodad"] if ":" in address else []
            subprocess.run(["ip", "address", "add", address, "dev", "lo", *words], check=True)
        yield
    finally:
        c_library.setns(before, NEW_NETWORK)
        os.close(before)
