# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about hosts: their names, their groups and the Python that Ansible uses on them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    closest,
    enumerate_names,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_STUB = "/usr/bin/python3"
_PLANNED_GROUPS = registry().planned_groups
_KNOWN_GROUPS = {*registry().groups, *(group for groups in _PLANNED_GROUPS.values() for group in groups)}

_OF_ANSIBLE = {"all", "ungrouped"}
_SYNONYMS = {
    **dict.fromkeys(("apple", "darwin", "mac", "mac_minis", "macs", "minis", "osx"), "macos"),
    **dict.fromkeys(("debian", "ubuntu", "linux_hosts"), "linux"),
    **dict.fromkeys(("controller", "manager", "mgmt"), "management"),
    **dict.fromkeys(("cuda", "nvidia"), "gpu"),
    **dict.fromkeys(("llama", "llama_server", "llamas"), "llama_cpp"),
    "mlx": "mlx_lm",
}
"""What people call one of our groups. Where their hosts are all in it as well, it is a division of theirs."""
_ENDINGS = ("_group", "_hosts", "_macs", "_nodes", "_servers", "_workers")


def host_names(inventory: Inventory) -> Iterator[Problem]:
    """Check that each host's name can be its name in DNS and is nobody else's."""
    taken = {entry["dns"]: service for service, entry in inventory.services().items() if entry["dns"]}
    strangers = {host.name for host in inventory.strangers()}
    for name in inventory.hosts:
        if name in strangers:
            continue
        if not _LABEL.fullmatch(name):
            yield Problem(
                name,
                "the name of a host must be one DNS label: lower-case letters, digits and inner hyphens, at most 63 "
                "of them; rename the host.",
            )
        elif name in taken:
            yield Problem(
                name, f"the name is already the DNS name of the service {taken[name]}; give the host another one."
            )
        elif name in inventory.groups:
            yield Problem(name, "a group has the same name; give the host another one.")
        elif name == "localhost":
            yield Problem(name, "this name means every machine itself; give the host another one.")


def _planned_program(group: str) -> str | None:
    """Return the program without a role that a group is named after, alone or with what its hosts do."""
    return next((name for name in _PLANNED_GROUPS if group == name or group.startswith(f"{name}_")), None)


def planned_groups(inventory: Inventory) -> Iterator[Problem]:
    """Find hosts in groups whose program no role runs yet."""
    for group, members in inventory.groups.items():
        if members and _planned_program(group):
            own = "" if group in _KNOWN_GROUPS else ", or give a group of your own another name"
            yield Problem(
                INVENTORY, f"the group {group} is not available yet; remove {enumerate_names(members)} from it{own}."
            )


def _misspelt_groups(inventory: Inventory) -> dict[str, str]:
    """Return the groups that look like one of ours, by what was probably meant."""
    misspelt = {}
    for group in inventory.groups:
        if group in _OF_ANSIBLE or group in _KNOWN_GROUPS or _planned_program(group):
            continue
        guess = _meant(group)
        # A group of hosts that are all in ours as well is a person's own division of it.
        if guess and (_is_slip(group, guess) or not _is_within(inventory, group, guess)):
            misspelt[group] = guess
    return misspelt


def _meant(group: str) -> str | None:
    """Return which of our groups somebody means."""
    plain = group.lower().replace("-", "_")
    stem = next((plain.removesuffix(ending) for ending in _ENDINGS if plain.endswith(ending)), plain)
    for name in (plain, stem):
        if name in _SYNONYMS:
            return _SYNONYMS[name]
    return stem if stem in _KNOWN_GROUPS else closest(group, _KNOWN_GROUPS, 0.8)


def _is_slip(group: str, meant: str) -> bool:
    """Tell whether two names have the same letters: nobody calls a division of a group like that."""
    first, second = (sorted(re.sub(r"[^a-z0-9]", "", one.lower())) for one in (group, meant))
    return first == second


def _is_within(inventory: Inventory, group: str, other: str) -> bool:
    return set(inventory.groups[group]) <= set(inventory.groups.get(other, []))


def group_names(inventory: Inventory) -> Iterator[Problem]:
    """Find groups whose name is nearly one that means something."""
    for group, guess in _misspelt_groups(inventory).items():
        yield Problem(INVENTORY, f"the group {group} means nothing to the playbooks; did you mean {guess}?")
    misspelt = _misspelt_groups(inventory)
    for name, capability in registry().capabilities.items():
        if name in _KNOWN_GROUPS or name in misspelt or not inventory.groups.get(name):
            continue
        if _is_within(inventory, name, capability.where):
            continue
        where = "every host" if capability.where == "all" else f"the hosts of the group {capability.where}"
        yield Problem(
            INVENTORY,
            f"the group {name} means nothing to the playbooks, since {name} is on {where}; put its hosts there, or give"
            " the group another name.",
        )


def platforms(inventory: Inventory) -> Iterator[Problem]:
    """Check that each host is either a Mac or a Linux machine."""
    meant = _misspelt_groups(inventory)
    strangers = {host.name for host in inventory.strangers()}
    for host in inventory.hosts.values():
        if host.name in strangers and host.groups.isdisjoint(meant):
            named = enumerate_names(sorted(group for group in host.groups if group not in _OF_ANSIBLE))
            others = [name for name in inventory.hosts if name not in strangers]
            guess = closest(host.name.partition(".")[0], others, 0.6) or closest(host.name, others, 0.6)
            advice = f"did you mean {guess}?" if guess else "write its ansible_host, and put it into macos or linux."
            where = f"in {named} alone" if named else "in no group"
            yield Problem(host.name, f"the host is {where}, and has no address; {advice}")
            continue
        groups = host.groups | {meant[group] for group in host.groups if group in meant}
        if {"macos", "linux"} <= groups:
            yield Problem(host.name, "the host is in the groups macos and linux; keep the one that is true.")
        elif not {"macos", "linux"} & groups:
            yield Problem(host.name, "the host is in neither of the groups macos and linux; add it to one of them.")


def management(inventory: Inventory) -> Iterator[Problem]:
    """Check that one host at most manages the others; without one the report says what is absent."""
    names = inventory.groups.get("management", [])
    if len(names) > 1:
        yield Problem(
            INVENTORY, f"the group management has {len(names)} hosts ({enumerate_names(names)}); keep one of them."
        )


def interpreters(inventory: Inventory) -> Iterator[Problem]:
    """Check that Ansible uses the Python that bootstrap brings to a Mac."""
    for host in inventory.members("macos"):
        fault = _interpreter_fault(host)
        if fault:
            wanted = f"{host.get('cluster_directory') or '/opt/hybrid-ai'}/python/bin/python3"
            yield Problem(host.name, f"ansible_python_interpreter {fault}; write {wanted} in group_vars/macos.yml.")


def _interpreter_fault(host: Host) -> str | None:
    if "ansible_python_interpreter" not in host.names:
        return "is missing, and a Mac has no Python of its own"
    written = host.get("ansible_python_interpreter")
    if written == _STUB:
        return f"is {_STUB}, which on a Mac is only a stub"
    if isinstance(written, str) and not written.startswith("/"):
        return f"is {written}, which would search and find only the stub of a Mac"
    return None
