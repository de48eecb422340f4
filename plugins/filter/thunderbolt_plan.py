# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: how each host uses its Thunderbolt ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import TopologyError, plan_topology

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: thunderbolt_plan
short_description: How each host uses its Thunderbolt ports
version_added: 0.1.0
description:
  - Decides from the cables between hosts whether they may use the bridge that macOS makes of all Thunderbolt ports, or
    need one network per cable because the cables form a loop.
  - Every address follows from the place of a cable in the list, so a cable that is appended at the end changes no
    address that was there before. In a bridge a host has the address that its first cable would give it, or one that
    is fixed for it.
positional: subnet, hosts, mode
options:
  _input:
    description:
      - The cables, each a mapping of exactly two hosts to the Thunderbolt port number at that host.
      - In place of one host, C(external) maps to the name of a machine outside of the inventory.
    type: list
    elements: dict
    required: true
  subnet:
    description: The IPv4 network that all addresses are taken from, four for each cable.
    type: str
    required: true
  hosts:
    description: The names of all hosts.
    type: list
    elements: str
    required: true
  mode:
    description:
      - V(auto) uses the bridge for hosts whose cables form no loop, and one network per cable for the others.
      - V(bridge) and V(subnets) choose one of these for all; V(bridge) is refused where cables form a loop.
    type: str
    choices: [auto, bridge, subnets]
    default: auto
  rdma:
    description: Whether RDMA is wanted, which the bridge excludes. Then V(auto) means one network per cable for all.
    type: bool
    default: false
  addresses:
    description:
      - The addresses that hosts have in a bridge whatever their cables, by the name of the host; empty for none.
      - Refused for a host that is in no bridge. No other host gets one of these.
    type: dict
    default: {}
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show how the Thunderbolt ports of this host are used
  ansible.builtin.debug:
    msg: >-
      {{ (thunderbolt_links
          | hybrid_ai.cluster.thunderbolt_plan('10.66.64.0/24', groups['all']))[inventory_hostname] }}
"""

RETURN = r"""
_value:
  description:
    - For each host a mapping of C(mode) (V(none), V(bridge) or V(subnets)), C(ports), C(bridge), C(neighbours) and
      C(hosts_entries).
    - A port has C(cable), C(receptacle), C(peer), C(peer_receptacle), C(external) (whether the peer is outside of the
      inventory), and with one network per cable C(address), C(netmask), C(prefix) and C(peer_address), which are null
      otherwise, as all of them are of a port whose cable leads out of the inventory.
    - A host all of whose cables lead out of the inventory has V(none), or V(subnets) without an address where they are
      part of a loop.
    - C(bridge) has C(address), C(netmask) and C(prefix), and is null without a bridge.
    - A neighbour has C(name), C(host), C(address), and with one network per cable C(cable) and C(receptacle).
      The name is V(<host>.tb); further cables to the same host have V(<host>-2.tb) and so on.
    - A hosts entry has C(name) and C(address).
  type: dict
"""


def thunderbolt_plan(
    links: Any,
    subnet: Any,
    hosts: Sequence[str],
    mode: str = "auto",
    *,
    rdma: bool = False,
    addresses: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:
    """Plan the use of all Thunderbolt ports."""
    try:
        return plan_topology(links, subnet, list(hosts), mode, addresses, rdma=rdma)
    except TopologyError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"thunderbolt_plan": thunderbolt_plan}
