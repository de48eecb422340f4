# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about variables: known names, usable values, one value where only one makes sense, no readable secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _checksum
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    closest,
    enumerate_names,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
    OWN_TO_HOST,
    PLANNED_VARIABLES,
    REMOVED_VARIABLES,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._types import option_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

_SHARED_BY_ALL = ("cluster_", "thunderbolt_links", "thunderbolt_mode", "thunderbolt_rdma", "thunderbolt_subnet")
_SHARED_BY_GROUP = {
    "exo": ("exo_bootstrap_peers", "exo_forced_master", "exo_namespace", "exo_version"),
}


def unknown_variables(inventory: Inventory) -> Iterator[Problem]:
    """Find names that look like ours and are not."""
    known = inventory.specs.options
    for host in inventory.hosts.values():
        for name in host.names:
            if name in known or name.startswith(("ansible_", "__", "lab_")):
                continue
            if name in REMOVED_VARIABLES:
                yield Problem(host.name, f"{name} is no longer read: {REMOVED_VARIABLES[name]}; remove it.")
                continue
            guess = closest(name, known, 0.8)
            if name.startswith(inventory.specs.prefixes):
                advice = f"did you mean {guess}?" if guess else "remove it, or give it a name of your own."
                yield Problem(host.name, f"{name} is a variable that no role knows; {advice}")
            elif guess and abs(len(name) - len(guess)) < 3 and closest(name, [guess], 0.9):
                yield Problem(host.name, f"{name} is a variable that no role knows; did you mean {guess}?")


def planned_variables(inventory: Inventory) -> Iterator[Problem]:
    """Find values of variables that no role reads yet."""
    for host in inventory.hosts.values():
        for name in PLANNED_VARIABLES:
            if host.given.get(name):
                host.forget(name)
                yield Problem(host.name, f"{name} is not available yet; remove it from the inventory.")


def wrong_values(inventory: Inventory) -> Iterator[Problem]:
    """Find values that are not what the specification of their variable asks for."""
    for host in inventory.hosts.values():
        for name, value in list(host.given.items()):
            faults = option_faults(name, value, inventory.specs.options[name])
            if faults:
                host.forget(name)
            for fault in faults:
                yield Problem(host.name, fault)


def differing_values(inventory: Inventory) -> Iterator[Problem]:
    """Find values that differ between hosts although they describe the whole cluster."""
    everybody = list(inventory.hosts.values())
    for name in inventory.specs.options:
        if name.startswith(_SHARED_BY_ALL) and name not in OWN_TO_HOST:
            yield from _differs(inventory, name, everybody, "all")
    for group, names in _SHARED_BY_GROUP.items():
        for name in names:
            yield from _differs(inventory, name, inventory.members(group), group)


def _differs(inventory: Inventory, name: str, hosts: Sequence[Host], group: str) -> Iterator[Problem]:
    holders = [host for host in hosts if name in host.values]
    other = next((host for host in holders[1:] if host.values[name] != holders[0].values[name]), None)
    if holders and inventory.specs.options[name].get("no_log"):
        # Where it is not set, a role makes a secret of its own.
        other = other or next((host for host in hosts if name not in host.names), None)
    if other is None:
        return
    for host in inventory.hosts.values():
        host.forget(name)
    names = enumerate_names(sorted([holders[0].name, other.name]))
    yield Problem(INVENTORY, f"{name} differs between {names}; set it once, in group_vars/{group}.yml.")


def readable_secrets(inventory: Inventory) -> Iterator[Problem]:
    """Find secrets that stand in the inventory as they are."""
    for host in inventory.hosts.values():
        for name in host.plain_secrets:
            yield Problem(
                host.name,
                f"{name} stands in the inventory in plain text; encrypt it with `ansible-vault encrypt_string`, or "
                "remove it if it is a login password: only playbooks/bootstrap.yml needs those, and asks with -k -K.",
            )


def checksums(inventory: Inventory) -> Iterator[Problem]:
    """Find files to download whose checksum is none that a host could verify."""
    for host in inventory.hosts.values():
        for name, value in host.given.items():
            for path, checksum in _checksums(name, value):
                fault = _checksum.fault(checksum)
                # A mirror whose list of checksums is not there yet leaves the digits out; who needs one is told then.
                if fault and checksum != "sha256:":
                    yield Problem(host.name, f"{path} {fault}.")


def _checksums(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every checksum beside an address, and where it stands."""
    if isinstance(value, Mapping):
        if "url" in value and isinstance(value.get("checksum"), str):
            yield f"{path}.checksum", value["checksum"]
        for key, member in value.items():
            yield from _checksums(f"{path}.{key}", member)
