# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The card of a Linux host answers the role's own reader as a real one does."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import linux_card as role

from lab import linux_card

if TYPE_CHECKING:
    from pathlib import Path


class Here:
    """Commands of this machine, with one program in the place of ethtool."""

    def __init__(self, program: Path) -> None:
        self._program = program

    def run(self, argv: list[str]) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(["/bin/sh", str(self._program), *argv[1:]], capture_output=True, text=True, check=False)
        done.rc, done.out = done.returncode, done.stdout  # type: ignore[attr-defined] # as the modules name them
        return done


@pytest.fixture
def card(tmp_path: Path) -> Here:
    debian = tmp_path / "debian"
    debian.write_text("#!/bin/sh\necho Settings for $1:\necho '\tLink detected: yes'\n", encoding="utf-8")
    debian.chmod(0o755)
    text, _ = linux_card.FILES["usr/local/sbin/ethtool"]
    program = tmp_path / "ethtool"
    kept = text.replace("/usr/sbin/ethtool", str(debian)).replace("/run/", f"{tmp_path}/")
    program.write_text(kept, encoding="utf-8")
    return Here(program)


def test_nothing_wakes_it_until_it_is_told(card: Here) -> None:
    found = role.read(card, "eth0")  # type: ignore[arg-type]
    assert (found.supported, found.modes) == ("pumbg", "d")


def test_it_keeps_what_it_is_told(card: Here) -> None:
    role.write(card, "eth0", "g")  # type: ignore[arg-type]
    assert role.read(card, "eth0").is_armed  # type: ignore[arg-type]


def test_without_debians_program_there_is_none(card: Here, tmp_path: Path) -> None:
    (tmp_path / "debian").unlink()
    assert card.run(["ethtool", "eth0"]).returncode == 127
