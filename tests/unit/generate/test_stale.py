# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `make generate` writes is what follows from its sources today."""

from __future__ import annotations

import generate


def test_no_generated_file_is_stale():
    stale = generate.stale()
    assert not stale, f"run make generate, which writes {', '.join(stale)}"
