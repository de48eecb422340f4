# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Names as Ollama reads them (types/model/name.go of 2026-08)."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import names

LIBRARY = "registry.ollama.ai/library"


@pytest.mark.parametrize(
    ("name", "place", "shown"),
    [
        ("small", f"{LIBRARY}/small/latest", "small:latest"),
        ("qwen2.5:0.5b-q4_K_M", f"{LIBRARY}/qwen2.5/0.5b-q4_K_M", "qwen2.5:0.5b-q4_K_M"),
        ("org/small", "registry.ollama.ai/org/small/latest", "org/small:latest"),
        ("library/small:latest", f"{LIBRARY}/small/latest", "small:latest"),
    ],
)
def test_a_name_has_a_place(name, place, shown):
    assert names.place(name) == place
    assert names.shown(place) == shown


@pytest.mark.parametrize("name", ["a:b:c", "host/org/model", "or.g/model", "a:", "/a", "a/", "", "-a", "a:-b", "ä"])
def test_no_other_name_has_one(name):
    assert names.place(name) is None
