# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A file is in place only once its checksum is right."""

from __future__ import annotations

import hashlib
import io
import stat
from typing import TYPE_CHECKING

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _verified_file
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = b"release" * 300_000


def save(path: Path, wanted: str) -> None:
    _verified_file.save(io.BytesIO(CONTENT), path, wanted, "https://mirror/file")


def test_it_is_kept_and_readable_for_everybody(tmp_path: Path) -> None:
    save(tmp_path / "file", hashlib.sha256(CONTENT).hexdigest())
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_another_checksum_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    with pytest.raises(ClusterError, match=r"file has the checksum sha256:\w+ where sha256:00 is pinned"):
        save(tmp_path / "file", "00")
    assert (tmp_path / "file").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
