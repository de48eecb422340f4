# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about values that their type allows and nothing can use: numbers, and what stands in a list twice."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem, enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import is_port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

FIRST_USER, LAST_USER = 450, 499
"""The numbers that the project's users have: macOS itself uses those below, and people those above."""

_RELAYS = ("cluster_relay_port", "cluster_relay_plain_port")
_SIZES = (
    *("prometheus_retention_gigabytes", "squid_cache_gigabytes", "squid_maximum_object_gigabytes"),
    *("squid_ca_days", "squid_log_megabytes", "squid_memory_megabytes"),
)
"""What is nothing at 0."""
_COUNTS = (
    *("_attempts", "_connections", "_deadline_seconds", "_interval_seconds", "_repeat_hours", "_request_megabytes"),
    *("_requests_megabytes", "_sleep_after_seconds", "_start_seconds", "_timeout_seconds"),
)
"""How the names of numbers end that are nothing at 0."""
_BOUNDS: dict[str, tuple[float, float]] = {
    "gateway_silent_seconds": (1, math.inf),
    "haproxy_answer_seconds": (1, math.inf),
    "haproxy_hard_stop_seconds": (1, math.inf),
    "macos_headless_maximum_open_files": (1024, math.inf),
    "macos_headless_maximum_processes": (256, math.inf),
    "macos_headless_system_memory_gigabytes": (1, math.inf),
    "mlx_lm_default_max_tokens": (1, math.inf),
    "model_files_megabytes_per_second": (1, math.inf),
    "ollama_parallel": (1, math.inf),
    # Prometheus forgets a sample after five minutes.
    "prometheus_interval_seconds": (1, 240),
    "vllm_spread": (1, math.inf),
}
"""The least and the most of what has limits of its own."""
_MORE_THAN_NOTHING = {
    "model_store_patience_minutes": math.inf,
    "power_management_idle_minutes": math.inf,
    "vllm_memory_share": 1.0,
}
"""The most of what may be a fraction, and is nothing at 0."""
_OF_A_HOST = ("memory_gigabytes", "disk_gigabytes")
"""Checked with the models that are to fit."""
_PAIRS = (
    ("squid_maximum_object_gigabytes", "squid_cache_gigabytes", "no object is larger than the cache that keeps it"),
    ("squid_ca_renew_days", "squid_ca_days", "a certificate is renewed before it ends"),
    ("gateway_client_connections", "gateway_connections", "no client has more than all of them together"),
    (
        *("gateway_largest_request_megabytes", "gateway_requests_megabytes"),
        "no request is larger than all of them together",
    ),
)
"""The first is not more than the second."""


def numbers(inventory: Inventory) -> Iterator[Problem]:
    """Check numbers by what their names say that they count."""
    for host, name, faults in inventory.look(_number_faults):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)


def _number_faults(name: str, value: Any) -> list[str]:
    values = value if isinstance(value, (list, tuple)) and name.endswith("_ports") else [value]
    return [fault for one in values if (fault := _number_fault(name, one))]


def _number_fault(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or name in _OF_A_HOST:
        return ""
    if name.endswith(("_port", "_ports")):
        fault = "" if is_port(value) else "write a whole number from 1 to 65535."
    elif name.endswith("_uid"):
        wanted = f"write a number from {FIRST_USER} to {LAST_USER} that is free on the host, or remove it."
        people = "macOS numbers people from 501" if value > LAST_USER else "users of the system itself have the others"
        fault = "" if FIRST_USER <= value <= LAST_USER else f"but {people}; {wanted}"
    elif name in _BOUNDS or name in _MORE_THAN_NOTHING:
        fault = _bound_fault(name, value)
    elif value < 0:
        fault = "write 0 or more." if not _is_nothing_at_0(name) else "write 1 or more."
    else:
        fault = "write 1 or more." if value == 0 and _is_nothing_at_0(name) else ""
    separator = "," if fault.startswith("but") else ";"
    return f"{name} is {value}{separator} {fault}" if fault else ""


def _is_nothing_at_0(name: str) -> bool:
    return name in _SIZES or name.endswith(_COUNTS)


def _bound_fault(name: str, value: float) -> str:
    if name in _MORE_THAN_NOTHING:
        most = _MORE_THAN_NOTHING[name]
        if 0 < value <= most:
            return ""
        return f"write more than 0{'' if math.isinf(most) else f', and {most:g} at most'}."
    least, most = _BOUNDS[name]
    if least <= value <= most:
        return ""
    return f"write {least:g} or more." if math.isinf(most) else f"write {least:g} to {most:g}."


def relations(inventory: Inventory) -> Iterator[Problem]:
    """Check numbers of a host that have to fit each other."""
    numbers_of_users = sorted(name for name in inventory.specs.options if name.endswith("_uid"))
    for host in inventory.hosts.values():
        yield from _pairs(host)
        yield from _users(host, numbers_of_users)
        yield from _relays(inventory, host)


def _pairs(host: Host) -> Iterator[Problem]:
    for name, most, reason in _PAIRS:
        if not {name, most} & host.given.keys():
            continue
        value, limit = host.get(name), host.get(most)
        if isinstance(value, int) and isinstance(limit, int) and value > limit:
            wrong, other, advice = (name, most, "less") if name in host.given else (most, name, "more")
            bound, here = host.get(other), host.get(wrong)
            also = "" if other in host.given else f", or {other}: {here}"
            yield Problem(
                host.name,
                f"{wrong} is {here}, but {other} is {bound}, and {reason}; write {bound} or {advice}{also}.",
            )


def _users(host: Host, numbers_of_users: Iterable[str]) -> Iterator[Problem]:
    given = [name for name in numbers_of_users if name in host.given]
    owners: dict[Any, str] = {}
    for name in sorted(numbers_of_users, key=lambda one: (one in given, one)) if given else ():
        number = host.get(name)
        owner = owners.setdefault(number, name)
        if owner != name and number is not None:
            yield Problem(
                host.name,
                f"{name} is {number}, which is {owner} already; write another number from {FIRST_USER} to {LAST_USER}.",
            )


def _relays(inventory: Inventory, host: Host) -> Iterator[Problem]:
    """Check the ports of the relays, which listen on every host beside its services."""
    first, second = (host.get(name) for name in _RELAYS)
    if first is not None and first == second:
        yield Problem(host.name, f"{_RELAYS[0]} and {_RELAYS[1]} are both {first}; write two ports.")
        return
    for name in _RELAYS:
        for service, entry in inventory.services().items() if host.get(name) is not None else ():
            here = host.name in inventory.groups.get(entry["group"], ())
            port = host.get(name)
            if not here or entry["protocol"] != "tcp" or entry["port"] != port:
                continue
            if name in host.given:
                text = f"{name} is {port}, which the service {service} has here; write another port."
                yield Problem(host.name, text)
            else:
                text = f"cluster_service_overrides.{service}.port is {port}, which is {name}; write another port."
                yield Problem(INVENTORY, text)


def repetitions(inventory: Inventory) -> Iterator[Problem]:
    """Find what stands in a list twice."""
    for host, _, faults in inventory.look(_repeated):
        yield from (Problem(host.name, fault) for fault in faults)


def _repeated(name: str, value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or name.endswith(("_arguments", "_options", "_subnet")):
        return []
    counts: dict[tuple[type, Any], int] = defaultdict(int)
    for member in value:
        if isinstance(member, (str, int, float)):
            counts[(type(member), member)] += 1
    twice = [str(member) for (_, member), count in counts.items() if count > 1]
    return [f"{name} has {enumerate_names(twice)} twice; keep one."] if twice else []
