# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Pages that people open by name: which of them the web front serves, and the address of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FRONT = "haproxy"
HTTP_PORT = 80
UNAUTHORIZED = 401

_REACH = ("peers", "management", "cluster", "lan", "anywhere")
"""Who may reach a service, each beginning with the one before."""


def web_services(
    table: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]], domain: str, front: bool = True
) -> dict[str, dict[str, Any]]:
    """Return every service that has a name and answers HTTP, with its address and whether the front serves it.

    The front serves a service whose name leads to it, that is, one that runs where it does; and only one that is open
    to all whom the front lets in: the service sees the front's address instead of theirs, and so does its firewall.
    Who may reach it otherwise does not matter where the front itself asks for a password.
    """
    entrance = table.get(FRONT)
    found: dict[str, dict[str, Any]] = {}
    taken: set[str] = set()
    for service, entry in table.items():
        label = str(entry["dns"] or "").lower()
        if not label or not entry["health"]:
            continue
        served = bool(front and entrance) and label not in taken and _is_behind(entry, entrance or {}, groups)
        taken |= {label} if served else set()
        asked = served and entry["login"] == "front"
        port = (entrance or {})["port"] if served else entry["port"]
        name = f"{label}.{domain}".lower()
        # What listens on loopback alone is found there by whoever is logged in to its host, or has a tunnel to it.
        place = name if served else service_address(entry, groups, name)
        base = f"http://{place}" + ("" if port == HTTP_PORT else f":{port}")
        found[service] = {
            "service": service,
            "label": label,
            "name": name,
            "front": served,
            "login": asked,
            "url": f"{base}/",
            "health": {
                "url": f"{base}{entry['health']['path']}",
                "status": UNAUTHORIZED if asked else entry["health"].get("status", 200),
            },
        }
    return found


def _is_behind(entry: Mapping[str, Any], front: Mapping[str, Any], groups: Mapping[str, Sequence[str]]) -> bool:
    hosts = set(groups.get(entry["group"], ()))
    same_hosts = bool(hosts) and hosts == set(groups.get(front["group"], ()))
    for_all = entry["login"] == "front" or _reach(entry) >= _reach(front)
    return same_hosts and entry["protocol"] == "tcp" and for_all


def _reach(entry: Mapping[str, Any]) -> int:
    return max(_REACH.index(source) for source in entry["from"])
