# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Read the whole inventory as Ansible sees it, on the controller, without touching a host."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants
from ansible._internal._datatag._tags import Origin
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.module_utils.common.yaml import yaml_load
from ansible.parsing.vault import VaultHelper, is_encrypted_file
from ansible.plugins.loader import connection_loader
from ansible.template import Templar, trust_as_template
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import (
    has_password,
    is_secret_name,
    members,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.hostvars import HostVars

ROLES = Path(__file__).parents[2] / "roles"
"""The roles of this collection, installed or in a checkout."""

_LOGIN_SECRETS = (
    "ansible_become_pass",
    "ansible_become_password",
    "ansible_password",
    "ansible_ssh_pass",
    "ansible_ssh_password",
    "ansible_sudo_pass",
)


_SSH = ("ssh_args", "timeout", "ssh_common_args", "ssh_extra_args")
"""Options of Ansible that become options of ssh."""


@cache
def _load_all(pattern: str) -> dict[str, dict[str, Any]]:
    """Load one file of each role that has it, by role."""
    return {path.parents[1].name: yaml_load(path.read_text()) or {} for path in sorted(ROLES.glob(pattern))}


def load_specs() -> Specs:
    """Load the argument specifications of all roles."""
    return Specs.from_roles(_load_all("*/meta/argument_specs.yml"))


def load_defaults() -> dict[str, Any]:
    """Load the defaults of all roles; role prefixes keep their names apart."""
    return {
        name: _trusted(value)
        for defaults in _load_all("*/defaults/main.yml").values()
        for name, value in defaults.items()
    }


def _trusted(value: Any) -> Any:
    """Mark our own defaults as templates, as Ansible does when it loads a role."""
    if isinstance(value, dict):
        return {key: _trusted(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_trusted(member) for member in value]
    return trust_as_template(value) if isinstance(value, str) else value


def _is_template(value: Any) -> bool:
    return isinstance(value, str) and "{{" in value


def _is_readable(value: Any) -> bool:
    """Tell whether a secret stands in a file that is not encrypted, neither as a whole nor at this value.

    Not everything in a mapping or a list that may hold secrets is one: only what looks like one is looked for there.
    """
    if isinstance(value, (Mapping, list, tuple)):
        found = [member for name, member in members(value) if is_secret_name(name) or has_password(member)]
        return any(_is_readable(member) for member in found)
    if value is None or VaultHelper.get_ciphertext(value, with_tags=False) is not None or _is_template(value):
        return False
    # Only the origin knows the file; a value given on the command line has none.
    origin = Origin.get_tag(value)
    if origin is None or origin.path is None:
        return False
    with Path(origin.path).open("rb") as file:
        return not is_encrypted_file(file)


def written_variables(hostvars: HostVars, name: str) -> dict[str, Any]:
    """Return what the inventory and the command line say of a host, as it is written: not what the run itself noted."""
    noted = hostvars._variable_manager._nonpersistent_fact_cache.get(name, {})
    return {key: value for key, value in hostvars.raw_get(name).items() if key != "ansible_facts" and key not in noted}


def secret_variables(specs: Specs) -> frozenset[str]:
    """Return the variables whose values nobody may see."""
    return frozenset({*_LOGIN_SECRETS, *(name for name, option in specs.options.items() if option.get("no_log"))})


def ssh_options(raw: Mapping[str, Any], templar: Templar) -> tuple[str, ...] | None:
    """Return the options that Ansible will give to ssh for a host, from wherever they are set, in ssh's order.

    Nothing where it is reached in another way, or nobody has set any that say how long ssh waits.
    """
    connection_loader.get("ssh", class_only=True)  # makes its options known
    known = constants.config.get_configuration_definitions("connection", "ssh")
    values = {}
    for name in {"ansible_connection", *(one["name"] for option in _SSH for one in known[option].get("vars", ()))}:
        with contextlib.suppress(AnsibleError, KeyError):
            values[name] = templar.template(raw[name])
    if str(values.get("ansible_connection", "ssh")).rpartition(".")[2] not in ("ssh", "smart"):
        return None
    found, origins = {}, {}
    for option in _SSH:
        found[option], origins[option] = constants.config.get_config_value_and_origin(
            option, plugin_type="connection", plugin_name="ssh", variables=values
        )
    words = {option: shlex.split(str(found[option] or "")) for option in _SSH}
    timeout = ["-o", f"ConnectTimeout={found['timeout']}"]
    options = (*words["ssh_args"], *timeout, *words["ssh_common_args"], *words["ssh_extra_args"])
    # Nobody has said anything: that of Ansible itself, as where this project's ansible.cfg is not read.
    unsaid = origins["ssh_args"] == "default" and not any("serveralive" in word.lower() for word in options)
    return None if unsaid else options


class _Reader:
    """Works out the variables of one host after the other."""

    def __init__(self, hostvars: HostVars, loader: DataLoader, specs: Specs, defaults: Mapping[str, Any]) -> None:
        self.hostvars = hostvars
        self.loader = loader
        self.specs = specs
        self.defaults = defaults
        self.secrets = secret_variables(specs)
        self.problems: list[Problem] = []

    def read(self, name: str, groups: frozenset[str]) -> Host:
        raw = written_variables(self.hostvars, name)
        # As a check does: to look at a secret that is made by its first use must not make it.
        variables = {**self.defaults, **raw, "hostvars": self.hostvars, "ansible_check_mode": True}
        templar = Templar(self.loader, variables)
        host = Host(name, groups, names=frozenset(raw))
        host.plain_secrets = tuple(sorted(key for key in self.secrets.intersection(raw) if _is_readable(raw[key])))
        for key in self.specs.options:
            if key in raw:
                self._resolve_given(host, key, raw[key], templar)
            # A role makes a secret that is not set when it needs it, not before.
            elif key in self.defaults and key not in self.secrets:
                try:
                    host.values[key] = templar.template(self.defaults[key])
                except AnsibleError:
                    continue  # it follows from a value that was already reported, or from facts
        host.ssh = ssh_options(raw, templar)
        return host

    def _resolve_given(self, host: Host, key: str, value: Any, templar: Templar) -> None:
        try:
            host.given[key] = host.values[key] = templar.template(value)
        except AnsibleUndefinedVariable as error:
            if "'ansible_facts'" not in str(error):
                reason = str(error).rstrip(".")
                self.problems.append(
                    Problem(host.name, f"{key} cannot be worked out: {reason}; define it or correct its name.")
                )
        except AnsibleError as error:
            reason = str(error).removeprefix("Error rendering template: ").rstrip(".")
            self.problems.append(Problem(host.name, f"{key} cannot be worked out: {reason}; correct it."))


def read_inventory(hostvars: HostVars, groups: Mapping[str, Sequence[str]], loader: DataLoader) -> Inventory:
    """Read every host of the inventory, whatever a limit says."""
    specs = load_specs()
    reader = _Reader(hostvars, loader, specs, load_defaults())
    names = sorted(groups.get("all", []))
    hosts = {
        name: reader.read(name, frozenset(group for group, members in groups.items() if name in members))
        for name in names
    }
    return Inventory(hosts, {group: list(members) for group, members in groups.items()}, specs, reader.problems)
