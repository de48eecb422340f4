# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The inventory as the rules see it."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import (
    service_table,
    table_problems,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem

HOST_OPTIONS: dict[str, dict[str, Any]] = {
    "ansible_host": {"type": "str"},
    "ansible_python_interpreter": {"type": "str"},
    "ansible_ssh_private_key_file": {"type": "path"},
    "ansible_user": {"type": "str"},
    "ansible_port": {"type": "int"},
    "ansible_ssh_port": {"type": "int"},
    "ansible_ssh_user": {"type": "str"},
    "ansible_become": {"type": "bool"},
    "ansible_become_method": {"type": "str"},
    "ansible_become_user": {"type": "str"},
    "ansible_connection": {"type": "str"},
    "ansible_ssh_args": {"type": "str"},
    "ansible_ssh_common_args": {"type": "str"},
    "ansible_ssh_extra_args": {"type": "str"},
    "ansible_ssh_timeout": {"type": "int"},
    "ansible_timeout": {"type": "int"},
    "ansible_become_pass": {"type": "str", "no_log": True},
    "ansible_become_password": {"type": "str", "no_log": True},
    "ansible_password": {"type": "str", "no_log": True},
    "ansible_ssh_pass": {"type": "str", "no_log": True},
    "ansible_ssh_password": {"type": "str", "no_log": True},
    "ansible_sudo_pass": {"type": "str", "no_log": True},
    "mac_address": {"type": "str"},
    "memory_gigabytes": {"type": "float"},
    "disk_gigabytes": {"type": "float"},
}
"""What a host says about itself without being asked by a role."""

OWN_TO_HOST = ("cluster_experimental", "cluster_lan_minimum_megabits", "cluster_models_directory", "cluster_wake")
"""The shared variables that may differ between hosts."""

REMOVED_VARIABLES = {"cluster_log_directory": f"all logs are in {_names.LOG_DIRECTORY}"}
"""What roles read once, and what holds now."""


@dataclass(frozen=True)
class Specs:
    """The variables that the roles know."""

    options: Mapping[str, Mapping[str, Any]]
    prefixes: tuple[str, ...]

    @classmethod
    def from_roles(cls, roles: Mapping[str, Mapping[str, Any]]) -> Specs:
        """Collect the options of all entry points from the parsed argument specs by role."""
        options: dict[str, Mapping[str, Any]] = dict(HOST_OPTIONS)
        for spec in roles.values():
            for entry_point in spec.get("argument_specs", {}).values():
                options.update(entry_point.get("options") or {})
        # The prefixes of building blocks are too common to be ours alone.
        return cls(options, tuple(sorted(f"{role}_" for role in roles if role not in registry().building_blocks)))


class Values(MutableMapping[str, Any]):
    """The values of a host: what is given, over defaults that are worked out when somebody asks for one."""

    def __init__(self, defaults: Mapping[str, Any], work_out: Callable[[str], tuple[bool, Any]]) -> None:
        """Take the defaults by name, and what tells whether one can be worked out, and as what."""
        self._defaults = defaults
        self._work_out = work_out
        self._known: dict[str, tuple[bool, Any]] = {}

    def __getitem__(self, name: str) -> Any:
        """Return a value; there is none of a variable that has no default or is forgotten."""
        if name not in self._known:
            self._known[name] = self._work_out(name) if name in self._defaults else (False, None)
        found, value = self._known[name]
        if not found:
            raise KeyError(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        """Set a value over its default."""
        self._known[name] = (True, value)

    def __delitem__(self, name: str) -> None:
        """Forget a value, and its default."""
        if name not in self:
            raise KeyError(name)
        self._known[name] = (False, None)

    def __iter__(self) -> Iterator[str]:
        """Go over the names that have a value."""
        return (name for name in {**self._defaults, **self._known} if name in self)

    def __len__(self) -> int:
        """Count the names that have a value."""
        return sum(1 for _ in self)


@dataclass
class Host:
    """A host, with the variables that could be worked out."""

    name: str
    groups: frozenset[str]
    given: dict[str, Any] = field(default_factory=dict)
    """What the inventory sets: only variables that some role knows."""
    values: MutableMapping[str, Any] = field(default_factory=dict)
    """The same over the defaults of the roles."""
    names: frozenset[str] = frozenset()
    """The names of all variables the inventory sets."""
    plain_secrets: tuple[str, ...] = ()
    """Secret variables whose value anybody can read who can read the inventory."""
    mistaken: set[str] = field(default_factory=set)
    """What a misspelt variable was probably meant to be: that it is missing too is not said again."""
    ssh: tuple[str, ...] | None = None
    """The options that ssh is given for this host, in their order; nothing where there is none to judge."""

    def get(self, name: str) -> Any:
        """Return a value, or nothing when it is unset or not usable."""
        return self.values.get(name)

    def forget(self, name: str) -> None:
        """Hide a value already reported, so that it causes no second sentence."""
        self.given.pop(name, None)
        self.values.pop(name, None)
        self.plain_secrets = tuple(secret for secret in self.plain_secrets if secret != name)

    @property
    def is_mac(self) -> bool:
        """Whether the inventory says that this is a Mac."""
        return "macos" in self.groups


@dataclass
class Inventory:
    """All hosts, their groups, and what was already found wrong while reading them."""

    hosts: dict[str, Host]
    groups: dict[str, list[str]]
    specs: Specs
    unresolved: list[Problem] = field(default_factory=list)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    """Those of the roles, as they are written."""

    def members(self, group: str) -> list[Host]:
        """Return the hosts of a group."""
        return [self.hosts[name] for name in self.groups.get(group, [])]

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the complete service table, or nothing while it has mistakes."""
        table, overrides = self.shared("cluster_services"), self.shared("cluster_service_overrides")
        return {} if table_problems(table, overrides) else service_table(table, overrides)

    def strangers(self) -> list[Host]:
        """Return the hosts that groups name and nobody describes: without an address, and neither Mac nor Linux."""
        undescribed = (host for host in self.hosts.values() if host.groups.isdisjoint({"macos", "linux"}))
        name = "ansible_host"
        return [host for host in undescribed if name not in host.names | host.mistaken and name not in host.values]

    def look(self, at: Callable[[str, Any], Sequence[str]]) -> Iterator[tuple[Host, str, Sequence[str]]]:
        """Look at each given value, once for all hosts that have the same one; return what is found of each host."""
        found: dict[tuple[str, int], tuple[Any, Sequence[str]]] = {}
        for host in self.hosts.values():
            for name, value in list(host.given.items()):
                key = (name, id(value))
                if key not in found:
                    found[key] = (value, at(name, value))  # kept, so that nothing else gets its place in memory
                if found[key][1]:
                    yield host, name, found[key][1]

    def shared(self, name: str) -> Any:
        """Return a value that is the same for all hosts."""
        return next((host.get(name) for host in self.hosts.values()), None)
