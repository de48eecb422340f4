# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: what to measure of one host's Thunderbolt plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.filter.thunderbolt_services import BRIDGE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: thunderbolt_report
short_description: What to measure of one host's Thunderbolt plan
version_added: 0.1.0
description:
  - Lists the checks of M(hybrid_ai.cluster.node_report) for what P(hybrid_ai.cluster.thunderbolt_plan#filter) decided,
    for cables, addresses, the bridge, names and round trips, and RDMA where it is wanted.
positional: ports, host
options:
  _input:
    description: The plan of one host.
    type: dict
    required: true
  ports:
    description:
      - The ports of every host that was looked at, as M(hybrid_ai.cluster.macos_thunderbolt_info) returns them.
      - With them a cable is checked to lead to the right port, and an address to be on the right device.
    type: dict
    required: true
  host:
    description: The host.
    type: str
    required: true
  rdma:
    description: Whether RDMA over Thunderbolt has to be switched on.
    type: bool
    default: false
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Measure the Thunderbolt network
  hybrid_ai.cluster.node_report:
    checks: "{{ plan | hybrid_ai.cluster.thunderbolt_report({inventory_hostname: seen.ports}, inventory_hostname) }}"
"""

RETURN = r"""
_value:
  description: Entries for the C(checks) option.
  type: list
  elements: dict
"""

CAPABILITY = "thunderbolt"
LINK_GIGABITS = (80, 40)
"""What two ports agree on, the faster first: with Thunderbolt 5, and with Thunderbolt 3 and 4."""


def thunderbolt_report(
    plan: Mapping[str, Any], ports: Mapping[str, Sequence[Mapping[str, Any]]], host: str, *, rdma: bool = False
) -> list[dict[str, Any]]:
    """Return the checks of a plan."""
    checks = []
    if plan["mode"] != "none":
        checks = [*_bridge_checks(plan), *([{"check": "rdma"}] if rdma else [])]
    for port in plan["ports"]:
        if port["external"]:
            checks.append(_external_check(port, ports))
            continue
        far = _port(ports, port["peer"], port["peer_receptacle"])
        checks.append(
            {
                "check": "thunderbolt_cable",
                "receptacle": port["receptacle"],
                "peer": port["peer"],
                "peer_domain_uuid": far.get("domain_uuid"),
                **_speed(ports.get(host, []), ports.get(port["peer"], [])),
            }
        )
        device = _port(ports, host, port["receptacle"]).get("device")
        if port["address"] and device:
            checks.append(_address_check(device, port))
    for neighbour in plan["neighbours"]:
        checks.append({"check": "resolves", "name": neighbour["name"], "address": neighbour["address"]})
        checks.append({"check": "link", **neighbour})
    return [{"capability": CAPABILITY, **check} for check in checks]


def _bridge_checks(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    if plan["bridge"] is None:
        return [{"check": "bridge", "device": BRIDGE, "expected": "absent"}]
    return [
        {"check": "bridge", "device": BRIDGE, "expected": "present", "cables": len(plan["ports"])},
        _address_check(BRIDGE, plan["bridge"]),
    ]


def _external_check(port: Mapping[str, Any], ports: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the line about a cable out of the inventory, which only must not lead to one of the hosts."""
    hosts = {
        seen["domain_uuid"]: f"port {seen['receptacle']} of {name}"
        for name, all_seen in ports.items()
        for seen in all_seen
        if seen.get("domain_uuid")
    }
    return {"check": "thunderbolt_external", "receptacle": port["receptacle"], "peer": port["peer"], "hosts": hosts}


def _speed(here: Sequence[Mapping[str, Any]], there: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Return what a cable between two hosts is to have; nothing where it is not known what both can do."""
    possible = min(_capable(here), _capable(there))
    speed = next((speed for speed in LINK_GIGABITS if speed <= possible), None)
    return {"minimum_gigabits": speed} if speed else {}


def _capable(ports: Sequence[Mapping[str, Any]]) -> int:
    """Return what the ports of a Mac can do, which are all alike; 0 is unknown.

    One without a cable tells; of one with a cable, only the fastest speed that there is tells enough.
    """
    told = [port.get("capability_gigabits") or 0 for port in ports]
    agreed = [speed for port in ports if (speed := port.get("speed_gigabits") or 0) >= LINK_GIGABITS[0]]
    return max([*told, *agreed], default=0)


def _address_check(device: str, source: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "check": "addresses",
        "device": device,
        "address": source["address"],
        "prefix": source["prefix"],
        "method": "manual",
    }


def _port(ports: Mapping[str, Sequence[Mapping[str, Any]]], host: str, receptacle: int) -> Mapping[str, Any]:
    """Return what was seen of a port, or nothing where its host was not looked at."""
    return next((port for port in ports.get(host, []) if port["receptacle"] == receptacle), {})


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"thunderbolt_report": thunderbolt_report}
