# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible wants as static text about settings of a Mac says what they declare."""

from __future__ import annotations

import pytest

from docs.build_macos_settings import ROOT, WRITTEN, written


@pytest.mark.parametrize("name", WRITTEN)
def test_nothing_is_stale(name: str) -> None:
    assert (ROOT / name).read_text(encoding="utf-8") == written(name), "run make docs"
