# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A driver that does not exist is told before any host is touched."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._nvidia import driver

BRANCH, FLAVOUR = "nvidia_driver_branch", "nvidia_driver_flavour"
VERSION, TOOLKIT = "nvidia_driver_version", "nvidia_driver_container_toolkit"


def sentences(values: dict[str, Any], *groups: str) -> list[str]:
    host = Host("gpu1", frozenset(groups or ("gpu",)), given=values, values=values, ssh=None)
    return [problem.sentence for problem in driver(Inventory({"gpu1": host}, {}, Specs({}, ())))]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, [], id="the defaults"),
        pytest.param({BRANCH: 620, FLAVOUR: "open", VERSION: "620.12.01", TOOLKIT: "1.20.0-1"}, [], id="all of them"),
        pytest.param({BRANCH: 580, FLAVOUR: "proprietary"}, [], id="the last that has it"),
        pytest.param(
            {BRANCH: 581},
            [
                (
                    "gpu1: nvidia_driver_branch is 581; write one of 535, 550, 570, 580, 590, 595, 610, 615 and 620, or"
                    " remove it."
                )
            ],
            id="no such branch",
        ),
        pytest.param(
            {BRANCH: 620, FLAVOUR: "proprietary"},
            ["gpu1: nvidia_driver_flavour is proprietary, which branch 620 does not have; write open, or remove it."],
            id="flavour of another branch",
        ),
        pytest.param(
            {BRANCH: 620, VERSION: "580.173.02"},
            [
                (
                    "gpu1: nvidia_driver_version is 580.173.02, and nvidia_driver_branch 620; write 580 as the branch,"
                    " or remove one of them."
                )
            ],
            id="version of another branch",
        ),
        pytest.param(
            {VERSION: "latest"},
            ["gpu1: nvidia_driver_version is latest; write a whole version such as 580.173.02, or remove it."],
            id="no version",
        ),
        pytest.param(
            {TOOLKIT: "1.20"},
            ["gpu1: nvidia_driver_container_toolkit is 1.20; write a whole version such as 1.20.0-1, or remove it."],
            id="toolkit",
        ),
    ],
)
def test_driver(values: dict[str, Any], expected: list[str]) -> None:
    assert sentences(values) == expected


def test_hosts_without_cards_are_not_asked() -> None:
    assert sentences({BRANCH: 581}, "linux") == []
