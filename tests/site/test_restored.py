# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site as it was saved: every line of verify is true, and nothing is left to do."""

from __future__ import annotations


def test_a_restored_site_is_whole_and_the_next_run_changes_nothing(site):
    assert site.play("site.yml").succeeded().changed == set()
