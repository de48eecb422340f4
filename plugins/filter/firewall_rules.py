# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the packet filter rules of one host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import FirewallRulesError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_outgoing import outgoing_rules
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_rules import Cluster, firewall_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: firewall_rules
short_description: The packet filter rules of one host
version_added: 0.1.0
description:
  - Derives from the service table who may reach which port of a host. A port of the table is closed to everybody whom
    its C(from) does not name; every other port stays as it is. Remote login is always open.
  - A port that a service shares with the system's own, such as that of multicast DNS, stays as it is.
  - Blocks exo over the LAN between Macs that Thunderbolt joins, so that it uses the cable.
  - The processes of exo's user may reach the nodes of exo, name servers, and the public internet for downloads. Every
    other address is refused, since exo connects to whoever announces itself.
positional: host, groups, addresses, plans
options:
  _input:
    description: The table as P(hybrid_ai.cluster.service_table#filter) returns it.
    type: dict
    required: true
  host:
    description: The host.
    type: str
    required: true
  groups:
    description: The hosts of each inventory group.
    type: dict
    required: true
  addresses:
    description: The LAN address of each host.
    type: dict
    required: true
  plans:
    description: The Thunderbolt plan of each host, as P(hybrid_ai.cluster.thunderbolt_plan#filter) returns it.
    type: dict
    required: true
  lan:
    description: The networks that V(lan) stands for in the table.
    type: list
    elements: str
    default: []
  trusted:
    description: Further addresses and networks that may reach what the hosts of the cluster may.
    type: list
    elements: str
    default: []
  ssh_ports:
    description: Ports of remote login besides 22.
    type: list
    elements: int
    default: []
  exo_over_thunderbolt:
    description: Whether exo is kept to Thunderbolt between workers that it joins.
    type: bool
    default: true
  exo_user:
    description: The user of exo, a name or a number; what it sends is not limited when not given.
    type: str
  exo_destinations:
    description: Further addresses and networks that exo's user may reach.
    type: list
    elements: str
    default: []
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Filter packets
  hybrid_ai.cluster.firewall:
    tables: "{{ firewall.tables }}"
    rules: "{{ firewall.rules }}"
  vars:
    firewall: "{{ services | hybrid_ai.cluster.firewall_rules(inventory_hostname, groups, addresses, plans) }}"
"""

RETURN = r"""
_value:
  description: A mapping of C(tables) and C(rules), the options of M(hybrid_ai.cluster.firewall).
  type: dict
"""


def rules_of_host(
    services: Mapping[str, Mapping[str, Any]],
    host: str,
    groups: Mapping[str, Sequence[str]],
    addresses: Mapping[str, str],
    plans: Mapping[str, Mapping[str, Any]],
    *,
    lan: Sequence[str] = (),
    trusted: Sequence[str] = (),
    ssh_ports: Sequence[int] = (),
    exo_over_thunderbolt: bool = True,
    exo_user: str | int | None = None,
    exo_destinations: Sequence[str] = (),
) -> dict[str, Any]:
    """Derive the rules of a host."""
    cluster = Cluster(services, groups, addresses, plans, lan, trusted)
    ports = [int(port) for port in ssh_ports]
    try:
        found = firewall_rules(cluster, host, ssh_ports=ports, exo_over_thunderbolt=exo_over_thunderbolt)
        limits = outgoing_rules(cluster, host, str(exo_user), exo_destinations) if exo_user is not None else {}
        return {
            "tables": {**found["tables"], **limits.get("tables", {})},
            "rules": [*found["rules"], *limits.get("rules", [])],
        }
    except FirewallRulesError as error:
        raise AnsibleFilterError(f"{host}: {error}") from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"firewall_rules": rules_of_host}
