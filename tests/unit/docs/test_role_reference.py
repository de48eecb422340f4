# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/roles.md says what the roles say."""

from __future__ import annotations

from docs.build_role_reference import REFERENCE, reference


def test_the_reference_is_not_stale():
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "run make docs"
