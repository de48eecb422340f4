# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lab import removal
from lab.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path


def test_mounts_below_a_directory_are_found_innermost_first(tmp_path: Path) -> None:
    text = f"sys {tmp_path}/root/sys sysfs ro 0 0\nx {tmp_path}/root/sys/fs bpf rw 0 0\ny {tmp_path}2 tmpfs rw 0 0\n"
    assert removal.mount_points(text, tmp_path) == [f"{tmp_path}/root/sys/fs", f"{tmp_path}/root/sys"]
    assert removal.mount_points(f"z {tmp_path} tmpfs rw 0 0\n", tmp_path) == [str(tmp_path)]


def test_directory_with_a_stuck_mount_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "root" / "proc" / "kept"
    kept.parent.mkdir(parents=True)
    kept.touch()
    mounts = tmp_path / "mounts"
    mounts.write_text(f"proc {kept.parent} proc rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr(removal, "_MOUNTS", mounts)
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(removal.process, "run", lambda *argv, check: called.append(argv))
    with pytest.raises(LabError, match="is mounted and cannot be unmounted"):
        removal.remove_tree(tmp_path / "root")
    assert called == [("umount", str(kept.parent))]
    assert kept.exists()


def test_directory_without_mounts_is_removed(tmp_path: Path) -> None:
    (tmp_path / "root" / "etc").mkdir(parents=True)
    removal.remove_tree(tmp_path / "root")
    removal.remove_tree(tmp_path / "root")
    assert not (tmp_path / "root").exists()
