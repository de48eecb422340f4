# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service below port 1024: the right to it on Linux; on macOS nothing is needed."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.systemd import make_unit


@pytest.mark.parametrize(("low", "lines"), [(False, 0), (True, 1)], ids=["without", "with"])
def test_the_unit(low: bool, lines: int) -> None:
    unit = make_unit(Description(name="x", arguments=["/opt/x"], user="_x", low_ports=low))
    assert unit.count("AmbientCapabilities=CAP_NET_BIND_SERVICE\n") == lines
