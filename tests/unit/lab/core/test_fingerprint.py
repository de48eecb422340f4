# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is made of some files has another name when one of them changes, and only then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab.fingerprint import fingerprint, source_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    # A checkout may lie anywhere, below a hidden directory too.
    root = tmp_path / ".checkouts/simulator"
    (root / "tools").mkdir(parents=True)
    (root / "tools/pmset.py").write_text("PATHS = ()\n")
    (root / "start").write_text("#!/bin/sh\n")
    return root


def test_files_come_in_their_order(tree: Path) -> None:
    assert [str(path.relative_to(tree)) for path in source_files(tree)] == ["start", "tools/pmset.py"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda root: (root / "start").write_text("#!/bin/zsh\n"), id="another-content"),
        pytest.param(lambda root: (root / "start").chmod(0o755), id="a-program-now"),
        pytest.param(lambda root: (root / "start").rename(root / "begin"), id="another-name"),
        pytest.param(lambda root: (root / "tools/nvram.py").touch(), id="one-more"),
    ],
)
def test_a_change_is_seen(tree: Path, change: Callable[[Path], object]) -> None:
    before = fingerprint(tree)
    change(tree)
    assert fingerprint(tree) != before


@pytest.mark.parametrize("name", [".ruff_cache/0.12/1", "tools/__pycache__/pmset.cpython-311.pyc", ".mypy_cache/a"])
def test_what_tools_keep_there_changes_nothing(tree: Path, name: str) -> None:
    before = fingerprint(tree)
    kept = tree / name
    kept.parent.mkdir(parents=True)
    kept.write_text("kept")
    assert fingerprint(tree) == before
