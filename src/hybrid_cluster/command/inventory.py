# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The inventory as Ansible reads it, and what the collection's own code works out from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, project
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ansible.parsing.dataloader import DataLoader
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
        Host as Written,
    )
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
        Inventory,
    )

WANTED = frozenset(
    {
        "ansible_host",
        "ansible_port",
        "cluster_domain",
        "cluster_gateway",
        "cluster_models",
        "cluster_secrets_directory",
        "cluster_service_overrides",
        "cluster_services",
        "cluster_wake",
        "cluster_web_front",
        "haproxy_user",
        "memory_gigabytes",
        "thunderbolt_address",
        "thunderbolt_links",
        "thunderbolt_mode",
        "thunderbolt_rdma",
        "thunderbolt_subnet",
    }
)
"""The variables that this command reads: to work out all of them takes longer than everything else."""
_JUMPS = ("proxyjump", "proxycommand", "-j ")
_VALIDATE = "playbooks/validate.yml says everything that is wrong"


@dataclass(frozen=True)
class Host:
    """One machine of the inventory."""

    name: str
    address: str
    is_mac: bool
    groups: tuple[str, ...]
    """Those that mean something, in the order of capabilities.yml."""
    may_sleep: bool
    memory_gigabytes: float | None
    """What the inventory says, in units of 2^30 bytes."""
    ssh_port: int | None
    """Where it can be asked whether it is there; None where it is reached through another host, or is this machine."""
    is_here: bool
    """Whether Ansible runs on it without a connection."""

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "Mac" if self.is_mac else "GPU" if "gpu" in self.groups else "Linux"


@dataclass(frozen=True)
class Cluster:
    """All of it."""

    sources: tuple[str, ...]
    inventory: Inventory
    work_out: Callable[[str], Inventory]
    """Reads the inventory anew for one variable, such as a secret that is seldom needed."""
    matching: Callable[[str], list[str]]
    """Returns the hosts that a limit means, in the order of the inventory."""
    hosts: dict[str, Host] = field(default_factory=dict)

    @property
    def groups(self) -> Mapping[str, Sequence[str]]:
        """The hosts of each group."""
        return self.inventory.groups

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each host."""
        return {host.name: host.address for host in self.hosts.values()}

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        """The service table."""
        found = self.inventory.services()
        if not found:
            raise _mistake("cluster_services or cluster_service_overrides has mistakes")
        return found

    def shared(self, name: str) -> Any:
        """Return a value that is the same for all hosts."""
        return self.inventory.shared(name)

    def secret(self, name: str) -> Any:
        """Return a value that may be encrypted, None where it is unset."""
        found = self.work_out(name)
        if found.unresolved:
            raise ClusterError(found.unresolved[0].sentence, exits.INVENTORY)
        return found.shared(name)

    @cached_property
    def models(self) -> list[dict[str, Any]]:
        """The table of models with every key, on how many hosts each is served (nodes), and why."""
        from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import (
            model_placement,
        )
        from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import ModelTableError

        memory = {host.name: host.memory_gigabytes for host in self.hosts.values()}
        try:
            return model_placement(self.shared("cluster_models"), self.groups, memory)
        except (ModelTableError, KeyError, TypeError, AttributeError) as error:
            reason = str(error).rstrip(".") if isinstance(error, ModelTableError) else "cluster_models has mistakes"
            raise _mistake(reason) from error

    @cached_property
    def models_by_host(self) -> dict[str, list[str]]:
        """The names of the models that each host serves."""
        return {
            host: [row["name"] for row in self.models if row["state"] == "present" and host in row["hosts"]]
            for host in self.hosts
        }


def _mistake(reason: str) -> ClusterError:
    return ClusterError(f"inventory: {reason}; {_VALIDATE}.", exits.INVENTORY)


def sources_of(given: Sequence[str]) -> tuple[str, ...]:
    """Return which inventories are meant: of the command line, of Ansible's configuration, or the project's own."""
    found = project.prepare()
    from ansible import constants
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
        missing_inventories,
    )

    sources = [str(source) for source in given]
    if not sources:
        value, origin = constants.config.get_config_value_and_origin("DEFAULT_HOST_LIST")
        configured = [str(source) for source in value]
        own = found.own_inventory
        if origin != "default" or Path(configured[0]).exists():
            sources = configured
        elif own.exists():
            sources = [str(own)]
        else:
            text = (
                "no inventory is named; write -i with its folder, or set ANSIBLE_INVENTORY or inventory in ansible.cfg."
            )
            raise ClusterError(text, exits.INVENTORY)
    if missing := missing_inventories(sources):
        raise ClusterError(missing[0], exits.INVENTORY)
    # A run is started in the project's folder.
    return tuple(source if "," in source else str(Path(source).absolute()) for source in sources)


def read(given: Sequence[str]) -> Cluster:
    """Read the inventory, and the variables of all hosts that the command needs."""
    sources = sources_of(given)
    from ansible.errors import AnsibleError

    try:
        return _read(sources)
    except AnsibleError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ClusterError(f"the inventory cannot be read: {reason}.", exits.INVENTORY) from error


def _read(sources: tuple[str, ...]) -> Cluster:
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.hostvars import HostVars
    from ansible.vars.manager import VariableManager
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
        read_inventory,
        written_variables,
    )

    loader = DataLoader()
    _open_vaults(loader)
    manager = InventoryManager(loader=loader, sources=list(sources))
    hostvars = HostVars(manager, VariableManager(loader=loader, inventory=manager), loader)
    groups = manager.get_groups_dict()
    inventory = read_inventory(hostvars, groups, loader, WANTED)
    if not inventory.hosts:
        raise ClusterError(f"inventory: {', '.join(sources)} has no host; {_VALIDATE}.", exits.INVENTORY)
    if inventory.unresolved:
        raise ClusterError(inventory.unresolved[0].sentence, exits.INVENTORY)

    def work_out(name: str) -> Inventory:
        return read_inventory(hostvars, groups, loader, frozenset({name}))

    def matching(limit: str) -> list[str]:
        manager.subset(limit)
        try:
            return [host.get_name() for host in manager.get_hosts()]
        finally:
            manager.subset(None)

    hosts = {name: _host(host, written_variables(hostvars, name)) for name, host in inventory.hosts.items()}
    return Cluster(sources, inventory, work_out, matching, hosts)


def _open_vaults(loader: DataLoader) -> None:
    """Have values in vaults read with the passwords that Ansible's configuration names, if it does."""
    from ansible import constants

    if not (constants.DEFAULT_VAULT_IDENTITY_LIST or constants.DEFAULT_VAULT_PASSWORD_FILE):
        return
    from ansible.cli import CLI

    ids = list(constants.DEFAULT_VAULT_IDENTITY_LIST)
    loader.set_vault_secrets(CLI.setup_vault_secrets(loader, vault_ids=ids, ask_vault_pass=False, auto_prompt=False))


def _host(host: Written, raw: Mapping[str, Any]) -> Host:
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry

    memory = host.get("memory_gigabytes")
    connection = str(raw.get("ansible_connection", "ssh")).rpartition(".")[2]
    arguments = " ".join(str(value) for key, value in raw.items() if key.startswith("ansible_ssh_")).lower()
    is_direct = connection in ("ssh", "smart", "paramiko_ssh") and not any(jump in arguments for jump in _JUMPS)
    return Host(
        name=host.name,
        address=str(host.get("ansible_host") or host.name),
        is_mac=host.is_mac,
        groups=tuple(group for group in registry().groups if group in host.groups and group not in ("macos", "linux")),
        may_sleep=bool(host.get("cluster_wake")),
        memory_gigabytes=float(memory) if isinstance(memory, (int, float)) and memory else None,
        ssh_port=int(host.get("ansible_port") or 22) if is_direct else None,
        is_here=connection == "local",
    )
