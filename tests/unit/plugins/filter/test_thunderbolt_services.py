# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""thunderbolt_services: a plan in the terms of macos_network."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.filter.thunderbolt_plan import thunderbolt_plan
from ansible_collections.hybrid_ai.cluster.plugins.filter.thunderbolt_services import thunderbolt_services

PAIR = [{"a": 1, "b": 2}]
RING = [{"a": 1, "b": 1}, {"b": 2, "c": 1}, {"c": 2, "a": 3}]


@pytest.mark.parametrize(
    ("links", "host", "expected"),
    [
        pytest.param(PAIR, "c", [], id="no cable"),
        pytest.param(
            PAIR,
            "b",
            [
                {
                    "device": "bridge0",
                    "enabled": True,
                    "ipv4": {"method": "manual", "address": "10.9.0.2", "netmask": "255.255.255.0"},
                }
            ],
            id="bridge",
        ),
        pytest.param(
            RING,
            "a",
            [
                {
                    "port": "Thunderbolt 1",
                    "enabled": True,
                    "ipv4": {"method": "manual", "address": "10.9.0.1", "netmask": "255.255.255.252"},
                },
                {
                    "port": "Thunderbolt 3",
                    "enabled": True,
                    "ipv4": {"method": "manual", "address": "10.9.0.9", "netmask": "255.255.255.252"},
                },
            ],
            id="one network per cable",
        ),
        pytest.param([{"a": 3, "external": "laptop"}], "a", [], id="a cable outside"),
        pytest.param([{"a": 2, "external": "laptop"}, {"a": 3, "external": "laptop"}], "a", [], id="a loop outside"),
        pytest.param(
            [{"a": 1, "b": 1}, {"a": 2, "external": "laptop"}, {"b": 2, "external": "laptop"}],
            "a",
            [
                {
                    "port": "Thunderbolt 1",
                    "enabled": True,
                    "ipv4": {"method": "manual", "address": "10.9.0.1", "netmask": "255.255.255.252"},
                },
            ],
            id="a cable between hosts beside one outside",
        ),
    ],
)
def test_services(links, host, expected):
    assert thunderbolt_services(thunderbolt_plan(links, "10.9.0.0/24", ["a", "b", "c"])[host]) == expected
