# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The inventory as the rules see it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import (
    service_table,
    table_problems,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem

HOST_OPTIONS: dict[str, dict[str, Any]] = {
    "ansible_host": {"type": "str"},
    "ansible_python_interpreter": {"type": "str"},
    "ansible_ssh_private_key_file": {"type": "path"},
    "ansible_user": {"type": "str"},
    "ansible_port": {"type": "int"},
    "mac_address": {"type": "str"},
}
"""What a host says about itself without being asked by a role."""

OWN_TO_HOST = ("cluster_wake",)
"""The shared variables that may differ between hosts."""

PLANNED_VARIABLES = ("cluster_experimental", "cluster_models", "cluster_wake")
"""What no role reads yet; an entry goes when its role comes."""

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


@dataclass
class Host:
    """A host, with the variables that could be worked out."""

    name: str
    groups: frozenset[str]
    given: dict[str, Any] = field(default_factory=dict)
    """What the inventory sets: only variables that some role knows."""
    values: dict[str, Any] = field(default_factory=dict)
    """The same over the defaults of the roles."""
    names: frozenset[str] = frozenset()
    """The names of all variables the inventory sets."""
    plain_secrets: tuple[str, ...] = ()
    """Secret variables whose value anybody can read who can read the inventory."""
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

    def members(self, group: str) -> list[Host]:
        """Return the hosts of a group."""
        return [self.hosts[name] for name in self.groups.get(group, [])]

    def services(self) -> dict[str, dict[str, Any]]:
        """Return the complete service table, or nothing while it has mistakes."""
        table, overrides = self.shared("cluster_services"), self.shared("cluster_service_overrides")
        return {} if table_problems(table, overrides) else service_table(table, overrides)

    def shared(self, name: str) -> Any:
        """Return a value that is the same for all hosts."""
        return next((host.get(name) for host in self.hosts.values()), None)
