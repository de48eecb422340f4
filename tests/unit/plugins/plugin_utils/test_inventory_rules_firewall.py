# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._firewall import firewall


class Shared:
    """An inventory of which only the shared variables count."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.shared = values.get


CASES = [
    pytest.param({}, [], id="unset"),
    pytest.param({"firewall_trusted": ["10.0.0.1", "192.168.7.5/24", "fe80::/10"]}, [], id="addresses and networks"),
    pytest.param(
        {"firewall_trusted": ["desk.lan"]},
        [
            (
                "inventory: firewall_trusted has 'desk.lan', which is not a valid IP address or network; "
                "write one such as 192.168.7.0/24, since a firewall resolves no names."
            ),
        ],
        id="a name",
    ),
    pytest.param(
        {"firewall_exo_destinations": ["10.0.0.9", "nas.lan"]},
        [
            (
                "inventory: firewall_exo_destinations has 'nas.lan', which is not a valid IP address or network; "
                "write one such as 192.168.7.0/24, since a firewall resolves no names."
            ),
        ],
        id="a mirror by its name",
    ),
    pytest.param({"firewall_trusted": "10.0.0.1"}, [], id="the wrong type is told by another rule"),
]


@pytest.mark.parametrize(("values", "sentences"), CASES)
def test_firewall(values: dict[str, Any], sentences: list[str]) -> None:
    assert [problem.sentence for problem in firewall(Shared(values))] == sentences  # type: ignore[arg-type]
