# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the command `cluster` and the gateway's page have to know of the inventory, as one object of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
    read_inventory,
    written_variables,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.hostvars import HostVars
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
        Host,
        Inventory,
    )

WANTED = frozenset(
    {
        "ansible_host",
        "ansible_port",
        "cluster_domain",
        "cluster_gateway",
        "cluster_lan_subnet",
        "cluster_models",
        "cluster_secrets_directory",
        "cluster_service_overrides",
        "cluster_services",
        "cluster_wake",
        "cluster_web_front",
        "haproxy_user",
        "mac_address",
        "memory_gigabytes",
        "thunderbolt_address",
        "thunderbolt_links",
        "thunderbolt_mode",
        "thunderbolt_rdma",
        "thunderbolt_subnet",
    }
)
"""The variables that are read, none of which is a secret: to work out all takes longer than everything else."""
_JUMPS = ("proxyjump", "proxycommand", "-j ")


def read_content(
    hostvars: HostVars, groups: Mapping[str, Sequence[str]], loader: DataLoader, sources: Sequence[str] = ()
) -> tuple[Inventory, dict[str, Any]]:
    """Read the inventory, and return it with what has to be known of it; where it has no host, that is nothing."""
    inventory = read_inventory(hostvars, groups, loader, WANTED)
    if not inventory.hosts or inventory.unresolved:
        return inventory, {}
    names = frozenset().union(*(host.names for host in inventory.hosts.values()))
    return inventory, {
        "sources": list(sources),
        "groups": {name: list(hosts) for name, hosts in inventory.groups.items()},
        "hosts": [_host(host, written_variables(hostvars, name)) for name, host in inventory.hosts.items()],
        "values": {name: inventory.shared(name) for name in sorted(WANTED)},
        "names": sorted(names),
    }


def _host(host: Host, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of hybrid_cluster.command.inventory.Host."""
    memory = host.get("memory_gigabytes")
    connection = str(raw.get("ansible_connection", "ssh")).rpartition(".")[2]
    arguments = " ".join(str(value) for key, value in raw.items() if key.startswith("ansible_ssh_")).lower()
    is_direct = connection in ("ssh", "smart", "paramiko_ssh") and not any(jump in arguments for jump in _JUMPS)
    return {
        "name": host.name,
        "address": str(host.get("ansible_host") or host.name),
        "is_mac": host.is_mac,
        "groups": [group for group in registry().groups if group in host.groups and group not in ("macos", "linux")],
        "may_sleep": bool(host.get("cluster_wake")),
        "memory_gigabytes": float(memory) if isinstance(memory, (int, float)) and memory else None,
        "thunderbolt_address": host.get("thunderbolt_address"),
        "mac_address": host.get("mac_address"),
        "ssh_port": int(host.get("ansible_port") or 22) if is_direct else None,
        "is_here": connection == "local",
    }
