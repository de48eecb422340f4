# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Read the whole inventory as Ansible sees it, on the controller, without touching a host."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Mapping
from functools import cache, partial
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
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
    Host,
    Inventory,
    Specs,
    Values,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import (
    has_password,
    has_secret,
    is_secret_name,
    is_secret_name_of_ones_own,
    members,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._worked_out import WorkedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

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


@cache
def load_defaults() -> Mapping[str, Any]:
    """Load the defaults of all roles; role prefixes keep their names apart."""
    return {
        name: _trusted(value)
        for defaults in _load_all("*/defaults/main.yml").values()
        for name, value in defaults.items()
    }


@cache
def _plain_defaults() -> frozenset[str]:
    """Return the variables whose default is the same for every host, because nothing in it has to be worked out."""
    return frozenset(name for name, value in load_defaults().items() if not _holds_template(value))


def _holds_template(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_template, value.values()))
    if isinstance(value, list):
        return any(map(_holds_template, value))
    return isinstance(value, str) and "{" in value


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
        found = [member for name, member in members(value) if is_secret_name(name) or has_secret(member)]
        return any(_is_readable(member) for member in found)
    if value is None or VaultHelper.get_ciphertext(value, with_tags=False) is not None or _is_template(value):
        return False
    if isinstance(value, str) and not value.strip():
        return False
    # Only the origin knows the file; a value given on the command line has none.
    origin = Origin.get_tag(value)
    if origin is None or origin.path is None:
        return False
    with Path(origin.path).open("rb") as file:
        return not is_encrypted_file(file)


def _is_empty(value: str, template: Callable[[Any], Any]) -> bool:
    """Tell whether a secret of somebody's own comes to nothing, as that of a variable of the environment may."""
    try:
        found = template(value)
    except AnsibleError:
        return False  # nobody may ever ask for it
    return isinstance(found, str) and not found.strip()


def written_variables(hostvars: HostVars, name: str) -> dict[str, Any]:
    """Return what the inventory and the command line say of a host, as it is written: not what the run itself noted."""
    noted = hostvars._variable_manager._nonpersistent_fact_cache.get(name, {})
    given = hostvars.raw_get(name).items()
    # A name that is not text is told of its file.
    return {key: value for key, value in given if isinstance(key, str) and key != "ansible_facts" and key not in noted}


def secret_variables(specs: Specs) -> frozenset[str]:
    """Return the variables whose values nobody may see."""
    return frozenset({*_LOGIN_SECRETS, *(name for name, option in specs.options.items() if option.get("no_log"))})


def ssh_options(raw: Mapping[str, Any], template: Callable[[Any], Any]) -> tuple[str, ...] | None:
    """Return the options that Ansible will give to ssh for a host, from wherever they are set, in ssh's order.

    Nothing where it is reached in another way, or nobody has set any that say how long ssh waits.
    """
    values = {}
    for name in _ssh_variables():
        with contextlib.suppress(AnsibleError, KeyError):
            values[name] = template(raw[name])
    if str(values.get("ansible_connection", "ssh")).rpartition(".")[2] not in ("ssh", "smart"):
        return None
    if all(isinstance(value, (str, int, float)) for value in values.values()):
        return _ssh_options(tuple(sorted(values.items())))
    return _ssh_options.__wrapped__(tuple(values.items()))


@cache
def _ssh_variables() -> frozenset[str]:
    """Return the variables that options of ssh come from."""
    connection_loader.get("ssh", class_only=True)  # makes its options known
    known = constants.config.get_configuration_definitions("connection", "ssh")
    return frozenset({"ansible_connection", *(one["name"] for option in _SSH for one in known[option].get("vars", ()))})


@cache
def _ssh_options(values: tuple[tuple[str, Any], ...]) -> tuple[str, ...] | None:
    found, origins = {}, {}
    for option in _SSH:
        found[option], origins[option] = constants.config.get_config_value_and_origin(
            option, plugin_type="connection", plugin_name="ssh", variables=dict(values)
        )
    words = {option: shlex.split(str(found[option] or "")) for option in _SSH}
    timeout = ["-o", f"ConnectTimeout={found['timeout']}"]
    options = (*words["ssh_args"], *timeout, *words["ssh_common_args"], *words["ssh_extra_args"])
    # Nobody has said anything: that of Ansible itself, as where this project's ansible.cfg is not read.
    unsaid = origins["ssh_args"] == "default" and not any("serveralive" in word.lower() for word in options)
    return None if unsaid else options


class _Reader:
    """Works out the variables of one host after the other."""

    def __init__(
        self,
        hostvars: HostVars,
        loader: DataLoader,
        specs: Specs,
        defaults: Mapping[str, Any],
        only: frozenset[str] | None = None,
    ) -> None:
        self.hostvars = hostvars
        self.loader = loader
        self.specs = specs
        self.defaults = defaults
        self.names = [name for name in specs.options if only is None or name in only]
        self.secrets = secret_variables(specs)
        # A role makes a secret that is not set when it needs it, not before.
        self.shown_defaults = {name: defaults[name] for name in specs.options if name in defaults}
        for secret in self.secrets.intersection(self.shown_defaults):
            del self.shown_defaults[secret]
        self.worked_out = WorkedOut()
        self.problems: list[Problem] = []

    def read(self, name: str, groups: frozenset[str]) -> Host:
        raw = written_variables(self.hostvars, name)
        # As a check does: to look at a secret that is made by its first use must not make it.
        variables = {**self.defaults, **raw, "hostvars": self.hostvars, "ansible_check_mode": True}
        template = partial(self.worked_out.template, variables=variables, templar=Templar(self.loader, variables))
        host = Host(name, groups, names=frozenset(raw))
        host.values = Values(self.shown_defaults, partial(self._default, raw, template))
        host.plain_secrets = tuple(sorted(key for key, value in raw.items() if self._is_plain_secret(key, value)))
        for key in self.names:
            if key in raw:
                self._resolve_given(host, key, raw[key], template)
        for key in raw.keys() - self.specs.options.keys():
            if _is_template(raw[key]) and is_secret_name_of_ones_own(key) and _is_empty(raw[key], template):
                self.problems.append(Problem(name, f"{key} is empty; write it, or remove the line."))
                for other in [one for one in host.given if _is_template(raw[one]) and key in raw[one]]:
                    host.forget(other)  # it is empty for the same reason
        try:
            host.ssh = ssh_options(raw, template)
        except ValueError:
            text = "the options of ssh have a quotation mark that is not closed; close it in ansible_ssh_common_args."
            self.problems.append(Problem(name, text))
        except AnsibleError:
            host.ssh = None  # one of them is of another type, which is told of its variable
        return host

    def _is_plain_secret(self, name: str, value: Any) -> bool:
        """Tell whether a variable is a secret, by what a role or its name or its shape says, that anybody can read."""
        if isinstance(value, (bool, type(None))):
            return False
        if name in self.secrets:
            return _is_readable(value)
        if name in self.specs.options:
            return has_secret(value) and not has_password(value) and _is_readable(value)
        if isinstance(value, (Mapping, list, tuple)) or is_secret_name_of_ones_own(name) or has_secret(value):
            return _is_readable(value)
        return False

    def _default(self, raw: Mapping[str, Any], template: Callable[[Any], Any], name: str) -> tuple[bool, Any]:
        """Work out a default, if that is possible: it may follow from a value that is reported, or from facts."""
        if name in raw:
            return False, None
        if name in _plain_defaults():
            return True, self.defaults[name]
        try:
            return True, template(self.defaults[name])
        except AnsibleError:
            return False, None

    def _resolve_given(self, host: Host, key: str, value: Any, template: Callable[[Any], Any]) -> None:
        try:
            host.given[key] = host.values[key] = template(value)
        except AnsibleUndefinedVariable as error:
            if "'ansible_facts'" not in str(error):
                reason = str(error).rstrip(".")
                self.problems.append(
                    Problem(host.name, f"{key} cannot be worked out: {reason}; define it or correct its name.")
                )
        except AnsibleError as error:
            origin = Origin.get_tag(value)
            if VaultHelper.get_ciphertext(value, with_tags=False) is not None and origin is not None:
                text = (
                    f"{key} in {origin.path}:{origin.line_num} cannot be decrypted; give the password of its vault, as"
                )
                self.problems.append(Problem(host.name, f"{text} --ask-vault-pass does, or encrypt it again."))
                return
            reason = str(error).removeprefix("Error rendering template: ").rstrip(".")
            self.problems.append(Problem(host.name, f"{key} cannot be worked out: {reason}; correct it."))


def missing_inventories(sources: Iterable[str]) -> list[str]:
    """Say which of the inventories that somebody names are not there: Ansible itself goes on without them."""
    return [
        f"there is no inventory {source}; write its whole path, or run this in the folder in which that begins."
        for source in sources
        if "," not in source and not Path(source).exists()
    ]


def read_inventory(
    hostvars: HostVars,
    groups: Mapping[str, Sequence[str]],
    loader: DataLoader,
    only: frozenset[str] | None = None,
) -> Inventory:
    """Read every host of the inventory, whatever a limit says; `only` names the variables to work out, None is all."""
    specs = load_specs()
    reader = _Reader(hostvars, loader, specs, load_defaults(), only)
    memberships: dict[str, set[str]] = {name: set() for name in sorted(groups.get("all", []))}
    for group, names in groups.items():
        for name in names:
            memberships[name].add(group)
    hosts = {name: reader.read(name, frozenset(found)) for name, found in memberships.items()}
    members_of = {group: list(names) for group, names in groups.items()}
    return Inventory(hosts, members_of, specs, reader.problems, load_defaults())
