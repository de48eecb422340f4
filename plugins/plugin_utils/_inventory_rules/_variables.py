# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about variables: known names, usable values, one value where only one makes sense, no readable secrets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible.plugins.loader import become_loader, connection_loader, shell_loader
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _checksum
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    INVENTORY,
    Problem,
    closest,
    enumerate_names,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
    OWN_TO_HOST,
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


_SYNONYMS = {
    **dict.fromkeys(("ansible_address", "ansible_addr", "ansible_hostname", "ansible_ip"), "ansible_host"),
    **dict.fromkeys(("address", "ip", "ip_address", "ipaddress"), "ansible_host"),
    **dict.fromkeys(("ansible_login", "ansible_user_name", "ansible_username", "ansible_ssh_username"), "ansible_user"),
    **dict.fromkeys(("ansible_key_file", "ansible_private_key_file"), "ansible_ssh_private_key_file"),
    **dict.fromkeys(("ansible_ssh_args_common", "ansible_ssh_options"), "ansible_ssh_common_args"),
    **dict.fromkeys(("ansible_interpreter", "ansible_python"), "ansible_python_interpreter"),
    **dict.fromkeys(("mac", "mac_addr", "hwaddr", "hardware_address"), "mac_address"),
    **dict.fromkeys(("memory", "memory_gb", "memory_gib", "ram", "ram_gb", "ram_gigabytes"), "memory_gigabytes"),
    **dict.fromkeys(("disk", "disk_gb", "disk_gib", "disk_size", "storage_gigabytes"), "disk_gigabytes"),
}
"""What people write for a variable of another name. Where that one is there too, it is a note of somebody's own."""


def unknown_variables(inventory: Inventory) -> Iterator[Problem]:
    """Find names that look like ours and are not."""
    known = inventory.specs.options
    for host in inventory.hosts.values():
        for name in host.names:
            if name in known or name.startswith(("__", "lab_")):
                continue
            meant = _SYNONYMS.get(name)
            if meant and meant not in host.names:
                host.mistaken.add(meant)
                whose = "Ansible does not know" if name.startswith("ansible_") else "no role knows"
                yield Problem(host.name, f"{name} is a variable that {whose}; did you mean {meant}?")
                continue
            if name.startswith("ansible_"):
                guess = closest(name, _of_ansible(), 0.88)
                if name not in _of_ansible() and guess:
                    host.mistaken.add(guess)
                    yield Problem(host.name, f"{name} is a variable that Ansible does not know; did you mean {guess}?")
                continue
            if name in REMOVED_VARIABLES:
                yield Problem(host.name, f"{name} is no longer read: {REMOVED_VARIABLES[name]}; remove it.")
                continue
            guess = closest(name, known, 0.8)
            host.mistaken.update([guess] if guess else [])
            if name.startswith(inventory.specs.prefixes):
                advice = f"did you mean {guess}?" if guess else "remove it, or give it a name of your own."
                yield Problem(host.name, f"{name} is a variable that no role knows; {advice}")
            elif guess and abs(len(name) - len(guess)) < 3 and closest(name, [guess], 0.9):
                yield Problem(host.name, f"{name} is a variable that no role knows; did you mean {guess}?")


@cache
def _of_ansible() -> frozenset[str]:
    """Return the variables that Ansible itself reads of a host: how to reach it, and how to get rights there."""
    kinds = [("connection", ("ssh", "local")), ("become", ("sudo", "su")), ("shell", ("sh",))]
    names = {name for group in constants.MAGIC_VARIABLE_MAPPING.values() for name in group}
    names |= {"ansible_python_interpreter", "ansible_facts", "ansible_ssh_transfer_method", "ansible_check_mode"}
    names |= {"ansible_diff_mode", "ansible_forks", "ansible_run_tags", "ansible_skip_tags", "ansible_version"}
    names |= {"ansible_inventory_sources", "ansible_limit", "ansible_verbosity", "ansible_config_file"}
    names |= {"ansible_collection_name", "ansible_role_name", "ansible_play_name", "ansible_play_hosts"}
    names |= {"ansible_play_batch", "ansible_play_hosts_all", "ansible_play_role_names", "ansible_role_names"}
    names |= {"ansible_dependent_role_names", "ansible_parent_role_names", "ansible_parent_role_paths", "ansible_loop"}
    names |= {"ansible_playbook_python", "ansible_search_path", "ansible_delegated_vars", "ansible_index_var"}
    for kind, plugins in kinds:
        for plugin in plugins:
            loader = {"connection": connection_loader, "become": become_loader, "shell": shell_loader}[kind]
            loader.get(plugin, class_only=True)  # makes its options known
            for option in constants.config.get_configuration_definitions(kind, plugin).values():
                names |= {one["name"] for one in option.get("vars", ())}
    return frozenset(names)


_MAY_BE_NULL = ("cluster_domain", "cluster_lan_subnet", "cluster_models", "thunderbolt_links", "thunderbolt_subnet")
"""What has a sentence of its own where it is null, or means nothing then: a list whose lines are all comments."""


def nulls(inventory: Inventory) -> Iterator[Problem]:
    """Find variables that are null, and whose role cannot leave them out."""
    for host in inventory.hosts.values():
        for name in [one for one, value in host.given.items() if value is None]:
            option = inventory.specs.options[name]
            means_something = name in _MAY_BE_NULL or "V(null)" in str(option.get("description"))
            if option.get("default") is not None and not means_something:
                host.forget(name)
                yield Problem(host.name, f"{name} is empty; write a value, or remove the line for its default.")


def wrong_values(inventory: Inventory) -> Iterator[Problem]:
    """Find values that are not what the specification of their variable asks for."""
    options = inventory.specs.options
    for host, name, faults in inventory.look(lambda name, value: option_faults(name, value, options[name])):
        host.forget(name)
        yield from (Problem(host.name, fault) for fault in faults)


def differing_values(inventory: Inventory) -> Iterator[Problem]:
    """Find values that differ between hosts although they describe the whole cluster."""
    everybody = list(inventory.hosts.values())
    # A default follows from what is given, so it differs only where that does.
    given = {name for host in everybody for name in host.names}
    for name in given.intersection(inventory.specs.options):
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
            host.forget(name)
            yield Problem(
                host.name,
                f"{name} stands in the inventory in plain text; encrypt it with `ansible-vault encrypt_string`, or "
                "remove it if it is a login password: only playbooks/bootstrap.yml needs those, and asks with -k -K.",
            )


def checksums(inventory: Inventory) -> Iterator[Problem]:
    """Find files to download whose checksum is none that a host could verify."""
    for host, _, faults in inventory.look(_checksum_faults):
        yield from (Problem(host.name, fault) for fault in faults)


def _checksum_faults(name: str, value: Any) -> list[str]:
    found = ((path, checksum, _checksum.fault(checksum)) for path, checksum in _checksums(name, value))
    # A mirror whose list of checksums is not there yet leaves the digits out; who needs one is told then.
    return [f"{path} {fault}." for path, checksum, fault in found if fault and checksum != "sha256:"]


def _checksums(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield every checksum beside an address, and where it stands."""
    if isinstance(value, Mapping):
        if "url" in value and isinstance(value.get("checksum"), str):
            yield f"{path}.checksum", value["checksum"]
        for key, member in value.items():
            yield from _checksums(f"{path}.{key}", member)
    elif isinstance(value, (list, tuple)):
        for place, member in enumerate(value):
            yield from _checksums(f"{path}[{place}]", member)
