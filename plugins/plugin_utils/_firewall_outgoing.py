# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where the processes of exo may connect to, derived from the inventory.

exo dials whoever announces itself by multicast DNS, so closing its ports inwards does not keep a stranger out. Its user
may reach the nodes of the inventory, name servers, and the public internet for downloads; every other address, above
all the networks of this site, is refused at once. Other users, and answers to others' connections, are not concerned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import OUT, Rule, addresses
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_rules import EXO
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inside_networks import NOT_PUBLIC, own_networks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_rules import Cluster

NODES = "exo_out_nodes"
NAME_SERVERS = "exo_out_name_servers"
DISCOVERY = "exo_out_discovery"
INSIDE = "exo_out_inside"

NAME_SERVICE = "dns_tcp"
NAME_PORT = 53
DISCOVERY_SERVICE = "exo_discovery"
MULTICAST_DNS = ("224.0.0.251", "ff02::fb")
PUBLIC_PORTS = (NAME_PORT, 80, 443)
"""What downloads that find no cache need."""


def outgoing_rules(cluster: Cluster, host: str, user: str, destinations: Iterable[str] = ()) -> dict[str, Any]:
    """Return the tables and rules for what exo's user sends; none on a host without exo."""
    exo = cluster.services.get(EXO)
    workers = cluster.groups.get(exo["group"], ()) if exo else ()
    if host not in workers:
        return {"tables": {}, "rules": []}
    names = cluster.services.get(NAME_SERVICE)
    servers = cluster.all_addresses(cluster.groups.get(names["group"], ())) if names else []
    everybody = cluster.all_addresses(cluster.groups.get("all", ()))
    tables = {
        NODES: addresses([*cluster.all_addresses(workers), *destinations], "the destinations of exo"),
        NAME_SERVERS: addresses(servers, "the name servers of exo"),
        DISCOVERY: list(MULTICAST_DNS),
        INSIDE: addresses([*NOT_PUBLIC, *own_networks(cluster.lan, everybody)], "the networks of this site"),
    }
    known = {name: found for name, found in tables.items() if found}
    rules = [rule for rule in _rules(cluster, user) if not rule.destination or rule.destination in known]
    return {"tables": known, "rules": [rule.as_dict() for rule in rules]}


def _rules(cluster: Cluster, user: str) -> Iterator[Rule]:
    def rule(action: str, protocol: str, port: int = 0, destination: str = "") -> Rule:
        return Rule(action, OUT, protocol=protocol, port=port, destination=destination, user=user)

    discovery = cluster.services.get(DISCOVERY_SERVICE)
    yield rule("pass", "tcp", destination=NODES)
    yield rule("pass", "udp", destination=NODES)
    # Datagrams to any name server; a connection only to known ones, since a stranger may announce any port as its own.
    yield rule("pass", "udp", NAME_PORT)
    yield rule("pass", "tcp", NAME_PORT, NAME_SERVERS)
    if discovery:
        yield rule("pass", "udp", discovery["port"], DISCOVERY)
    yield rule("reset", "tcp", destination=INSIDE)
    for port in PUBLIC_PORTS:
        yield rule("pass", "tcp", port)
    yield rule("reset", "tcp")
    yield rule("reset", "udp")
