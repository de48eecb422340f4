# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the network services of one host's Thunderbolt plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCUMENTATION = r"""
name: thunderbolt_services
short_description: The network services of one host's Thunderbolt plan
version_added: 0.1.0
description:
  - Says in the terms of M(hybrid_ai.cluster.macos_network) what P(hybrid_ai.cluster.thunderbolt_plan#filter) decided.
options:
  _input:
    description: The plan of one host.
    type: dict
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Address the Thunderbolt ports
  hybrid_ai.cluster.macos_network:
    services: "{{ plan | hybrid_ai.cluster.thunderbolt_services }}"
"""

RETURN = r"""
_value:
  description:
    - Services for the C(services) option, one for the bridge or one per port whose cable leads to another host.
    - There is none for a port whose cable leads out of the inventory.
  type: list
  elements: dict
"""

BRIDGE = "bridge0"


def thunderbolt_services(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the services of a plan."""
    if plan["mode"] == "bridge":
        return [{"device": BRIDGE, "enabled": True, "ipv4": _manual(plan["bridge"])}]
    if plan["mode"] == "subnets":
        return [
            {"port": f"Thunderbolt {port['receptacle']}", "enabled": True, "ipv4": _manual(port)}
            for port in plan["ports"]
            if not port["external"]
        ]
    return []


def _manual(source: Mapping[str, Any]) -> dict[str, str]:
    return {"method": "manual", "address": source["address"], "netmask": source["netmask"]}


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"thunderbolt_services": thunderbolt_services}
