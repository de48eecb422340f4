# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about what runs where: cables, services and backends."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import versions as exo_versions
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    did_you_mean,
    enumerate_names,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cables import read_cables, unconfigured_problems
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import (
    is_port,
    port_clashes,
    table_problems,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import topology_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

_MULTIADDRESS = re.compile(r"/ip4/(?P<address>[0-9.]+)/tcp/(?P<port>[0-9]{1,5})")


def unsupported(inventory: Inventory) -> Iterator[Problem]:
    """Find hosts in groups whose software does not run on their platform."""
    for group in registry().groups.values():
        for host in inventory.members(group.name) if group.platform else ():
            if {"macos", "linux"} & host.groups == {"macos", "linux"} - {group.platform}:
                yield Problem(
                    host.name, f"it is in the group {group.name}, but {group.reason}; take it out of {group.name}."
                )


def cables(inventory: Inventory) -> Iterator[Problem]:
    """Check that the cables can be addressed."""
    given = ("thunderbolt_links", "thunderbolt_subnet")
    if all(name in host.values for host in inventory.hosts.values() for name in given):
        problems = topology_problems(
            inventory.shared("thunderbolt_links"),
            inventory.shared("thunderbolt_subnet"),
            inventory.hosts,
            inventory.shared("thunderbolt_mode") or "auto",
            {
                host.name: host.get("thunderbolt_address")
                for host in inventory.hosts.values()
                if host.get("thunderbolt_address") is not None
            },
            rdma=bool(inventory.shared("thunderbolt_rdma")),
        )
        macs = [host for host in inventory.hosts.values() if "macos" in host.groups]
        left = [host.name for host in macs if host.get("thunderbolt_state") == "absent"]
        yield from problems or unconfigured_problems(
            read_cables(inventory.shared("thunderbolt_links")), [host.name for host in macs], left
        )


def services(inventory: Inventory) -> Iterator[Problem]:
    """Check the service table, and that no two services of a host want the same port."""
    if "cluster_services" not in next(iter(inventory.hosts.values())).values:
        return
    yield from table_problems(inventory.shared("cluster_services"), inventory.shared("cluster_service_overrides"))
    table = inventory.services()
    yield from _same_names(table)
    for host, first, second in port_clashes(table, inventory.groups):
        entry = table[second]
        yield Problem(
            host,
            f"the services {first} and {second} both want {entry['protocol']} port {entry['port']}; give one of them "
            "another port in cluster_service_overrides.",
        )


def _same_names(table: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Find two services of one name in DNS."""
    owners: dict[str, str] = {}
    for service, entry in table.items():
        owner = owners.setdefault(entry["dns"], service) if entry["dns"] else service
        if owner != service:
            text = f"the services {owner} and {service} both have the DNS name {entry['dns']}; give one of them another"
            yield Problem(INVENTORY, f"{text} in cluster_service_overrides.")


def exo(inventory: Inventory) -> Iterator[Problem]:
    """Check what exo itself accepts without a word and then does not do."""
    members = inventory.members("exo")
    if not members:
        return
    first = members[0]
    version, releases = first.get("exo_version"), first.get("exo_releases")
    if version is not None and releases is not None and version not in releases:
        yield Problem(
            INVENTORY,
            f"exo_version is {version}, which exo_releases does not pin; write one of {enumerate_names(releases)}, or "
            "add its url and checksum there.",
        )
    elif version is not None and (text := exo_versions.problem(str(version), releases)):
        yield Problem(INVENTORY, text)
    yield from _bootstrap_peers(first.get("exo_bootstrap_peers"), first.get("exo_forced_master"), inventory)


def _is_multiaddress(peer: str) -> bool:
    found = _MULTIADDRESS.fullmatch(peer)
    if found is None:
        return False
    try:
        ipaddress.IPv4Address(found["address"])
    except ValueError:
        return False
    return is_port(int(found["port"]))


def _bootstrap_peers(peers: Any, master: Any, inventory: Inventory) -> Iterator[Problem]:
    for peer in peers or []:
        if not _is_multiaddress(peer):
            yield Problem(
                INVENTORY,
                f"exo_bootstrap_peers has {peer}, which exo would ignore; write it as /ip4/192.168.1.11/tcp/4001.",
            )
    names = inventory.groups["exo"]
    if peers and master is None:
        yield Problem(
            INVENTORY,
            "exo_bootstrap_peers is set, but exo_forced_master is not, and without one master the nodes end each "
            f"other; write one of {enumerate_names(names)}.",
        )
    if master is not None and master not in names:
        yield Problem(
            INVENTORY,
            f"exo_forced_master is {master}, which is not in the group exo; {did_you_mean(str(master), names)}",
        )
