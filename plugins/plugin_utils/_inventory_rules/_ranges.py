# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about values that their type allows and nothing can use: numbers, paths, and what stands in a list twice."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem, enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import is_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

FIRST_USER, LAST_USER = 450, 499
"""The numbers that the project's users have: macOS itself uses those below, and people those above."""

_RELAYS = ("cluster_relay_port", "cluster_relay_plain_port")
_SIZES = (
    *("prometheus_retention_gigabytes", "squid_cache_gigabytes", "squid_maximum_object_gigabytes"),
    *("squid_ca_days", "squid_log_megabytes", "squid_memory_megabytes"),
)
"""What is nothing at 0."""
_OF_A_HOST = ("memory_gigabytes", "disk_gigabytes")
"""Checked with the models that are to fit."""
_PAIRS = (
    ("squid_maximum_object_gigabytes", "squid_cache_gigabytes", "no object is larger than the cache that keeps it"),
    ("squid_ca_renew_days", "squid_ca_days", "a certificate is renewed before it ends"),
)
"""The first is not more than the second."""
_ON_THE_CONTROLLER = (
    *("ansible_ssh_private_key_file", "bootstrap_cache_directory", "bootstrap_private_key_file"),
    *("bootstrap_ssh_directory", "cluster_downloads_directory", "cluster_secrets_directory"),
)
"""Paths of the machine that Ansible runs on, where `~` is somebody's home and a relative one may be meant."""
_CHECKED_ELSEWHERE = ("cluster_models_directory",)
_OF_THE_SYSTEM = {
    *("/", "/Applications", "/Library", "/System", "/Users", "/Volumes", "/bin", "/boot", "/dev", "/etc", "/home"),
    *("/lib", "/mnt", "/opt", "/private", "/proc", "/root", "/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/var"),  # noqa: S108 - none is used
}
"""Folders that belong to no single program."""


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
    elif value < 0:
        fault = "write 0 or more." if name not in _SIZES else "write 1 or more."
    else:
        fault = "write 1 or more." if value == 0 and name in _SIZES else ""
    separator = "," if fault.startswith("but") else ";"
    return f"{name} is {value}{separator} {fault}" if fault else ""


def relations(inventory: Inventory) -> Iterator[Problem]:
    """Check numbers of a host that have to fit each other."""
    numbers_of_users = {f"{one.name}_uid": one.uid for one in registry().capabilities.values() if one.uid is not None}
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


def _users(host: Host, numbers_of_users: dict[str, int]) -> Iterator[Problem]:
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


def paths(inventory: Inventory) -> Iterator[Problem]:
    """Check paths on hosts: roles make them, own them and remove them."""
    options = inventory.specs.options

    def look(name: str, value: Any) -> list[str]:
        if options[name].get("type") != "path" or name in _CHECKED_ELSEWHERE or not isinstance(value, str):
            return []
        fault = _path_fault(value, on_the_controller=name in _ON_THE_CONTROLLER)
        return [f"{name} is {value!r}, {fault}"] if fault else []

    for host, name, faults in inventory.look(look):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)


def _path_fault(path: str, *, on_the_controller: bool) -> str:
    whole = "write a whole path such as /opt/hybrid-ai"
    if not path.strip():
        return f"which is not a valid path; {whole}, or remove it."
    if "\0" in path or "\n" in path:
        return f"which has a line break in it; {whole}."
    if posixpath.normpath("/" + path.lstrip("/")) in _OF_THE_SYSTEM and path.startswith("/"):
        return "which is a folder of the system; write one below it, of its own."
    if on_the_controller:
        return ""
    if path.startswith("~"):
        return f"and the home of whom that is differs from user to user; {whole}."
    if not path.startswith("/"):
        return f"which is not a whole path; {whole}."
    return f"which leads out of its folder; {whole}." if ".." in path.split("/") else ""


def repetitions(inventory: Inventory) -> Iterator[Problem]:
    """Find what stands in a list twice."""
    for host, _, faults in inventory.look(_repeated):
        yield from (Problem(host.name, fault) for fault in faults)


def _repeated(name: str, value: Any) -> list[str]:
    if not isinstance(value, (list, tuple)) or name.endswith(("_arguments", "_options")):
        return []
    counts: dict[tuple[type, Any], int] = defaultdict(int)
    for member in value:
        if isinstance(member, (str, int, float)):
            counts[(type(member), member)] += 1
    twice = [str(member) for (_, member), count in counts.items() if count > 1]
    return [f"{name} has {enumerate_names(twice)} twice; keep one."] if twice else []
