# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Names of the cluster: every host and every service that has a name, and the names of all addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._domains import form_fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*", re.IGNORECASE)


class RecordsError(ClusterError):
    """The inventory gives no unambiguous names."""


def dns_records(
    table: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    addresses: Mapping[str, str],
    domain: str,
) -> dict[str, list[dict[str, str]]]:
    """Return all names with their addresses, hosts first, and all addresses with the name of their host."""
    fault = form_fault(domain)
    if fault:
        raise RecordsError(fault)
    hosts = list(groups.get("all", []))
    names = [{"name": f"{host}.{domain}".lower(), "address": _address(host, addresses)} for host in hosts]
    for service, label in sorted(_service_names(table, hosts).items()):
        members = groups.get(table[service]["group"], [])
        names += [{"name": f"{label}.{domain}".lower(), "address": _address(host, addresses)} for host in members]
    seen: set[tuple[str, str]] = set()
    unique = []
    for entry in names:
        key = (entry["name"], entry["address"])
        if key not in seen:
            seen.add(key)
            unique.append(entry)
    reverse = [{"address": entry["address"], "name": entry["name"]} for entry in names[: len(hosts)]]
    return {"names": unique, "reverse": reverse}


def _service_names(table: Mapping[str, Mapping[str, Any]], hosts: Sequence[str]) -> dict[str, str]:
    """Return the label of each service that has one; a name may mean one thing only."""
    labels: dict[str, str] = {}
    for service, entry in table.items():
        label = entry.get("dns")
        if not label:
            continue
        if not _NAME.fullmatch(str(label)):
            raise RecordsError(
                f"cluster_services.{service}.dns is {label!r}, which is not a valid name; write one such as exo."
            )
        if label in hosts:
            raise RecordsError(
                f"cluster_services.{service}.dns is {label}, which is the name of a host; choose another name."
            )
        for other, taken in labels.items():
            if taken == label and table[other]["group"] != entry["group"]:
                raise RecordsError(
                    f"cluster_services.{service}.dns and cluster_services.{other}.dns are both {label}, but they run on"
                    f" different groups; choose another name for one of them."
                )
        labels[service] = str(label)
    return labels


def _address(host: str, addresses: Mapping[str, str]) -> str:
    try:
        return str(ipaddress.IPv4Address(str(addresses.get(host))))
    except ValueError:
        raise RecordsError(
            f"ansible_host of {host} is {addresses.get(host)!r}; write the IPv4 address that {host} is to be found at."
        ) from None
