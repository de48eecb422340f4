# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which packets may enter a host, derived from the service table, the inventory and the Thunderbolt plan.

Only ports of the service table are closed to those who need not reach them; everything else passes, so that DHCP,
neighbour discovery and multicast need no rule, and a mistake cannot cut a host off. The first rule that matches
decides. What may leave a host is limited for one user only, see `_firewall_outgoing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import (
    LOOPBACK,
    FirewallRulesError,
    Rule,
    addresses,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SSH_PORT = 22
LINK_LOCAL = "fe80::/10"
"""IPv6 addresses that only neighbours on the same network can use: with them `lan` holds for IPv6, too."""

LONGEST_NAME = 31
"""The longest name that pf accepts for a table."""

EXO = "exo"
EXO_JOINED = "exo_thunderbolt"


@dataclass(frozen=True)
class Cluster:
    """What of the inventory decides about reachability."""

    services: Mapping[str, Mapping[str, Any]]
    """The complete service table."""
    groups: Mapping[str, Sequence[str]]
    addresses: Mapping[str, str]
    """The LAN address of each host."""
    plans: Mapping[str, Mapping[str, Any]]
    """The Thunderbolt plan of each host."""
    lan: Sequence[str]
    """The networks that `lan` stands for."""
    trusted: Sequence[str] = ()
    """Further addresses that may reach whatever the cluster may."""

    def all_addresses(self, hosts: Iterable[str]) -> list[str]:
        """Return the addresses that packets of these hosts come from: on the LAN and over Thunderbolt."""
        return [
            address
            for host in hosts
            for address in [self.addresses.get(host), *_thunderbolt_addresses(self.plans.get(host, {}))]
            if address
        ]


def firewall_rules(
    cluster: Cluster, host: str, *, ssh_ports: Iterable[int] = (), exo_over_thunderbolt: bool = True
) -> dict[str, Any]:
    """Return the tables of addresses and the rules of one host."""
    open_ports = sorted({SSH_PORT, *ssh_ports})
    rules = [Rule("pass", interface=LOOPBACK)]
    rules += [Rule("pass", protocol="tcp", port=port) for port in open_ports]
    tables: dict[str, list[str]] = {}
    exo = cluster.services.get(EXO)
    joined = joined_workers(cluster, host) if exo and exo_over_thunderbolt else []
    if exo and joined:
        # A link-local IPv6 address does not tell who asks, and exo would count one on the LAN as a way; it serves IPv4.
        refused = [*(cluster.addresses[name] for name in joined), LINK_LOCAL]
        tables[EXO_JOINED] = addresses(refused, "exo over Thunderbolt")
        rules.append(Rule("reset", protocol=exo["protocol"], port=exo["port"], source=EXO_JOINED))
    closed = {
        name: service
        for name, service in sorted(cluster.services.items(), key=lambda item: (item[1]["port"], item[0]))
        if host in cluster.groups.get(service["group"], ()) and _is_closed(service, open_ports)
    }
    for name, service in closed.items():
        _check_name(name)
        found = addresses(_sources(cluster, service, host), f"the service {name}")
        if not found:  # peers where there is but one, or a management node where there is none
            continue
        tables[name] = found
        rules.append(Rule("pass", protocol=service["protocol"], port=service["port"], source=name))
    # After all of them: two services may take turns on one port.
    ends = dict.fromkeys((service["protocol"], service["port"]) for service in closed.values())
    rules += [Rule("reset", protocol=protocol, port=port) for protocol, port in ends]
    return {"tables": tables, "rules": [rule.as_dict() for rule in rules]}


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise FirewallRulesError(
            f"the service {name} has a name of more than {LONGEST_NAME} letters, which no firewall table can have;"
            " shorten it in cluster_services."
        )


def exo_paths(
    workers: Sequence[str],
    addresses: Mapping[str, str],
    plans: Mapping[str, Mapping[str, Any]],
    exo_over_thunderbolt: bool = True,
) -> list[dict[str, Any]]:
    """Return for every two workers, both ways, at which addresses one finds the other's API."""
    paths = []
    for source in workers:
        plan = plans.get(source, {})
        for sink in workers:
            if sink == source:
                continue
            links = [link for link in plan.get("neighbours", ()) if link["host"] == sink]
            over = bool(links) and exo_over_thunderbolt
            paths.append(
                {
                    "source": source,
                    "sink": sink,
                    "thunderbolt": over,
                    "addresses": [link["address"] for link in links] if over else [addresses[sink]],
                    "own": _own_address(plan, links[0]) if over else addresses[source],
                }
            )
    return paths


def _own_address(plan: Mapping[str, Any], link: Mapping[str, Any]) -> str:
    """Return this host's address on the network that a link belongs to."""
    if plan["bridge"]:
        return str(plan["bridge"]["address"])
    return next(str(port["address"]) for port in plan["ports"] if port["cable"] == link["cable"])


def joined_workers(cluster: Cluster, host: str) -> list[str]:
    """Return the other exo workers that a cable or the bridge joins with this one."""
    workers = cluster.groups.get(cluster.services[EXO]["group"], ())
    neighbours = {neighbour["host"] for neighbour in cluster.plans.get(host, {}).get("neighbours", ())}
    return [name for name in workers if host in workers and name != host and name in neighbours]


def _is_closed(service: Mapping[str, Any], open_ports: Sequence[int]) -> bool:
    """Tell whether a port is for some only. One that is shared with the system's own service stays as it is."""
    if service["shared"] or "anywhere" in service["from"]:
        return False
    return not (service["protocol"] == "tcp" and service["port"] in open_ports)


def _sources(cluster: Cluster, service: Mapping[str, Any], host: str) -> list[str]:
    hosts = {
        "cluster": cluster.groups.get("all", ()),
        "management": cluster.groups.get("management", ()),
        "peers": [name for name in cluster.groups.get(service["group"], ()) if name != host],
    }
    found: list[str] = []
    for source in service["from"]:
        if source == "lan":
            found += [*cluster.lan, LINK_LOCAL]
        if source in ("lan", "cluster"):
            found += [*cluster.all_addresses(hosts["cluster"]), *cluster.trusted]
        else:
            found += cluster.all_addresses(hosts[source])
    return found


def _thunderbolt_addresses(plan: Mapping[str, Any]) -> list[str]:
    bridge = plan.get("bridge")
    own = [bridge["address"]] if bridge else [port["address"] for port in plan.get("ports", ())]
    return [address for address in own if address]
