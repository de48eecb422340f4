# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The service table: one entry per service, and the views that are derived from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    closest,
    did_you_mean,
    enumerate_names,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PROTOCOLS = ("tcp", "udp")

SOURCES = ("anywhere", "lan", "cluster", "management", "peers")
"""Who may reach a service: anybody, the local network, every host of the inventory, the management node, or the hosts
that run the same service."""

LOGINS = ("front",)
"""Who asks people for a password, where the page itself does not: the web front."""

LOOPBACK = "127.0.0.1"

OPTIONAL: dict[str, Any] = {
    "capability": None,
    "protocol": "tcp",
    "from": ["cluster"],
    "dns": None,
    "metrics": None,
    "metrics_key": None,
    "metrics_params": {},
    "metrics_models": False,
    "health": None,
    "shared": False,
    "login": None,
    "hidden": [],
}
"""`capability` is the one that brings the service, where that has another name; `metrics_key` is the file of
Prometheus's configuration with the key that the service wants, `metrics_params` go with each question, and with
`metrics_models` each model that the service has on a host is a target of its own."""
REQUIRED = ("description", "group", "port")
FIELDS = (*REQUIRED, *OPTIONAL)

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PATH = re.compile(r"/[a-z0-9/_.-]+")


class ServiceTableError(Exception):
    """The service table or its overrides are not usable as written."""


def is_port(value: Any) -> bool:
    """Tell whether a value is a TCP or UDP port number."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535


def service_table(services: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Return the complete entries by name, with single values replaced and every optional field present."""
    problems = table_problems(services, overrides)
    if problems:
        raise ServiceTableError(" ".join(problem.sentence for problem in problems))
    changed = overrides or {}
    return {
        name: {"name": name, **OPTIONAL, "capability": name, **entry, **(changed.get(name) or {})}
        for name, entry in services.items()
    }


def table_problems(services: Any, overrides: Any) -> list[Problem]:
    """List what is wrong with the entries of the table and with the values that replace some of theirs."""
    if not isinstance(services, Mapping):
        return [Problem(INVENTORY, "cluster_services must be a mapping of service names to their entries.")]
    if overrides is not None and not isinstance(overrides, Mapping):
        return [
            Problem(
                INVENTORY,
                "cluster_service_overrides must be a mapping of service names to the values to change; write it as "
                "{exo: {port: 52416}}.",
            )
        ]
    problems = []
    for name, entry in services.items():
        problems += _entry_problems(f"cluster_services.{name}", entry, REQUIRED)
    for name, entry in (overrides or {}).items():
        if name not in services:
            problems.append(
                Problem(
                    INVENTORY,
                    f"cluster_service_overrides names {name}, which is not a service; {_meant(name, services)}",
                )
            )
        else:
            problems += _entry_problems(f"cluster_service_overrides.{name}", entry, ())
    return problems


def _meant(name: str, services: Mapping[str, Any]) -> str:
    """Advise the closest service; there are too many to list."""
    meant = closest(name, services, 0.6)
    return f"did you mean {meant}?" if meant else "docs/ports.md lists them all."


def _entry_problems(where: str, entry: Any, required: Sequence[str]) -> list[Problem]:
    if not isinstance(entry, Mapping):
        return [Problem(INVENTORY, f"{where} must be a mapping such as {{port: 52416}}.")]
    problems = [
        Problem(INVENTORY, f"{where} has no {field}; add {field}.") for field in required if entry.get(field) is None
    ]
    for field, value in entry.items():
        if field in required and value is None:
            continue
        kind = _KINDS.get(field)
        if field not in FIELDS:
            text = f"{where} has a field {field}, which no service has; {did_you_mean(field, FIELDS)}"
        elif field == "port" and value is not None and not is_port(value):
            text = f"{where}.port is {written(value)}; write a whole number from 1 to 65535."
        elif field == "protocol" and value not in PROTOCOLS:
            text = f"{where}.protocol is {written(value)}; write {' or '.join(PROTOCOLS)}."
        elif field == "from" and not _is_source_list(value):
            text = f"{where}.from is {value!r}; write a list of {enumerate_names(SOURCES)}."
        elif field == "login" and value is not None and value not in LOGINS:
            text = (
                f"{where}.login is {written(value)}; write {' or '.join(LOGINS)}, or leave it out where the page "
                "itself asks for a password."
            )
        elif field in REQUIRED and value is None:
            text = f"{where}.{field} is empty; write it, or remove the line."
        elif kind and value is not None and not kind[0](value):
            text = f"{where}.{field} is {value if isinstance(value, list) else written(value)}; write {kind[1]}."
        else:
            continue
        problems.append(Problem(INVENTORY, text))
    return problems


def _is_health(value: Any) -> bool:
    return isinstance(value, Mapping) and str(value.get("path") or "").startswith("/")


def _is_path_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(part, str) and _PATH.fullmatch(part) for part in value)


def _is_text_mapping(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(text, str) for pair in value.items() for text in pair)


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "capability": (lambda value: isinstance(value, str), "the name of a role"),
    "description": (lambda value: isinstance(value, str) and bool(value.strip()), "text; put it in quotes"),
    "dns": (
        lambda value: isinstance(value, str) and bool(_LABEL.fullmatch(value)),
        "one DNS label: lower-case letters, digits and inner hyphens",
    ),
    "group": (lambda value: isinstance(value, str), "the name of a group"),
    "health": (_is_health, "a mapping with the path that is asked, such as {path: /health}"),
    "metrics": (lambda value: isinstance(value, str) and value.startswith("/"), "a path such as /metrics"),
    "metrics_key": (lambda value: isinstance(value, str), "the name of a file"),
    "hidden": (
        _is_path_list,
        "a list of parts of paths in small letters such as /status",
    ),
    "metrics_models": (lambda value: isinstance(value, bool), "true or false"),
    "metrics_params": (_is_text_mapping, "a mapping of texts such as {autoload: 'false'}"),
    "shared": (lambda value: isinstance(value, bool), "true or false"),
}
"""What the value of a field is, and what to write."""


def _is_source_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(source in SOURCES for source in value)


def service_address(
    entry: Mapping[str, Any], groups: Mapping[str, Sequence[str]], address: str | None = None
) -> str | None:
    """Return where a service listens and is asked, on a host with this address.

    What only the management node may reach, and runs there, is on its loopback: nobody else reaches it while the
    firewall's rules are not loaded either.
    """
    hosts, management = set(groups.get(entry["group"], ())), set(groups.get("management", ()))
    local = set(entry.get("from", ())) == {"management"} and len(hosts) == 1 and hosts == management
    return LOOPBACK if local else address


def service_endpoints(
    table: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    addresses: Mapping[str, str] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """Return for every host the services it runs: name, port, protocol, and its address and health URL when known."""
    known = addresses or {}
    endpoints: dict[str, list[dict[str, Any]]] = {host: [] for host in groups.get("all", [])}
    for name, entry in table.items():
        for host in groups.get(entry["group"], []):
            address = service_address(entry, groups, known.get(host))
            health = entry["health"]
            endpoints.setdefault(host, []).append(
                {
                    "service": name,
                    "port": entry["port"],
                    "protocol": entry["protocol"],
                    "address": address,
                    "health_url": f"http://{address}:{entry['port']}{health['path']}" if address and health else None,
                    "health_status": health.get("status", 200) if health else None,
                }
            )
    return endpoints


def port_clashes(
    table: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]]
) -> list[tuple[str, str, str]]:
    """Return (host, service, service) wherever two services of a host want the same port for themselves."""
    clashes = []
    for host, endpoints in service_endpoints(table, groups).items():
        taken: dict[tuple[int, str], str] = {}
        for endpoint in endpoints:
            name = endpoint["service"]
            first = taken.setdefault((endpoint["port"], endpoint["protocol"]), name)
            if first != name and not (table[first]["shared"] and table[name]["shared"]):
                clashes.append((host, first, name))
    return clashes
