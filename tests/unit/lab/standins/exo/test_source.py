# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The repository in the place of exo's own: the same commit from the same files, and a program that starts."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import source as ours

from lab.standins.exo import source

if TYPE_CHECKING:
    from pathlib import Path


def test_the_same_tree_is_the_same_commit(tmp_path: Path) -> None:
    first = source.build(tmp_path / "a", "1.0.71", "1.0.72")
    assert source.build(tmp_path / "b", "1.0.71", "1.0.72") == first
    assert (tmp_path / "a" / source.COMMIT).read_text() == f"{first}\n"
    tags = subprocess.run(
        ["git", "-C", str(tmp_path / "a" / source.REPOSITORY), "rev-parse", "v1.0.71", "v1.0.72"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(tags.stdout.split()) == {first}


def test_it_has_what_the_role_takes_and_says_what_it_is(tmp_path: Path) -> None:
    files = source.tree()
    assert {name.split("/")[0] for name in files} >= set(ours.SOURCES)
    assert ours.LIBRARY in files
    assert b"stand-in" in files["README.md"]
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    started = subprocess.run(
        [sys.executable, "-m", "exo", "--help"],
        env={"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (started.returncode, "--libp2p-port" in started.stdout) == (0, True), started.stderr
