# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts are all of the site, and each has what it needs."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

from tests.site.parts import parts


@pytest.mark.parametrize("count", [1, 3])
def test_parts(count):
    found = [set(part.split(",")) for part in parts(count)]
    assert set.union(*found) == set(registry().capabilities)
    assert len(found) == count
    for part in found:
        assert {before for name in part for before in registry().capabilities[name].after} <= part
