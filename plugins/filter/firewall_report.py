# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: what proves that exo is kept to Thunderbolt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: firewall_report
short_description: What proves that exo is kept to Thunderbolt
version_added: 0.1.0
description:
  - Lists the checks of M(hybrid_ai.cluster.node_report) that one worker makes - the other's port is refused on the LAN
    and open over Thunderbolt, an answer comes in by the cable, and exo knows no other way.
positional: host, addresses, port
options:
  _input:
    description: All paths, as P(hybrid_ai.cluster.exo_paths#filter) returns them.
    type: list
    elements: dict
    required: true
  host:
    description: The worker that measures.
    type: str
    required: true
  addresses:
    description: The LAN address of each host.
    type: dict
    required: true
  port:
    description: The port of exo's API.
    type: int
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Measure the ways of exo
  hybrid_ai.cluster.node_report:
    checks: "{{ paths | hybrid_ai.cluster.firewall_report(inventory_hostname, addresses, 52415) }}"
"""

RETURN = r"""
_value:
  description: Entries for the C(checks) option.
  type: list
  elements: dict
"""

CAPABILITY = "firewall"
TOPOLOGY_SECONDS = 60
"""exo probes every ten seconds and forgets a way after three failures."""


def firewall_report(
    paths: Sequence[Mapping[str, Any]], host: str, addresses: Mapping[str, str], port: int
) -> list[dict[str, Any]]:
    """Return the checks of one worker; none where Thunderbolt joins it with nobody."""
    own = [path for path in paths if path["source"] == host]
    joined = [path for path in own if path["thunderbolt"]]
    checks: list[dict[str, Any]] = []
    for path in joined:
        sink, over = path["sink"], path["addresses"]
        ends = [(addresses[sink], "refused", "over the LAN"), *((one, "open", "over Thunderbolt") for one in over)]
        checks += [
            {
                "check": "tcp_port",
                "title": f"exo of {sink} {way}",
                "address": address,
                "port": port,
                "expected": expected,
            }
            for address, expected, way in ends
        ]
        checks.append(
            {
                "check": "traffic_path",
                "name": f"exo of {sink}",
                "url": f"http://{over[0]}:{port}/state",
                "address": path["own"],
                "other": addresses[host],
            }
        )
    if joined:
        members = [{"name": host, "address": "127.0.0.1"}]
        members += [{"name": path["sink"], "address": path["addresses"][0]} for path in own]
        over_thunderbolt = [dict(path) for path in paths if path["thunderbolt"]]
        topology = {"members": members, "paths": over_thunderbolt, "port": port, "timeout": TOPOLOGY_SECONDS}
        checks.append({"check": "exo_over_thunderbolt", **topology})
    return [{"capability": CAPABILITY, "needs": ["exo"], **check} for check in checks]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"firewall_report": firewall_report}
