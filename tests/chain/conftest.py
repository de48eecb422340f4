# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A store and three hosts, each a network namespace of this machine."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.chain.hosts import Host
from tests.chain.network import network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMES = ("store", "one", "two", "three")


@pytest.fixture
def hosts(tmp_path: Path, disk: Callable[[Path, str], None]) -> Iterator[list[Host]]:
    """Have the hosts, and nothing of them afterwards; their disks are in memory, for they are not what is tested."""
    disk(tmp_path, "size=256m")
    with network("chain", NAMES) as joined:
        made = [Host(joined, name, tmp_path / name) for name in NAMES]
        try:
            yield made
        finally:
            for host in made:
                host.kill()


@pytest.fixture
def disk() -> Iterator[Callable[[Path, str], None]]:
    """Mount a file system in memory with the options given."""
    mounted = []

    def mount(path: Path, options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)], check=True)
        mounted.append(path)

    yield mount
    for path in reversed(mounted):
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@pytest.fixture
def content() -> dict[str, bytes]:
    """Return the files of a model of 12 MiB that nothing can compress, with an empty one and one in a folder."""
    return {
        "model-1.bin": os.urandom(8 << 20),
        "model-2.bin": os.urandom(4 << 20),
        "config.json": b"{}",
        "empty": b"",
        "original/notes.txt": b"notes",
    }
