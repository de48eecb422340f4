# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The inventory as Ansible reads it, and what the collection's own code works out from it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import exits, kept, project
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.hostvars import HostVars
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
        Inventory,
    )

_WORD = re.compile(r"[A-Za-z_]\w*")
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
    thunderbolt_address: str | None
    """What the inventory says, where it does."""
    mac_address: str | None
    """What the inventory says, where it does."""
    ssh_port: int | None
    """Where it can be asked whether it is there; None where it is reached through another host, or is this machine."""
    is_here: bool
    """Whether Ansible runs on it without a connection."""

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return "Mac" if self.is_mac else "GPU" if "gpu" in self.groups else "Linux"


@dataclass(frozen=True)
class Opened:
    """The inventory as Ansible holds it."""

    loader: DataLoader
    manager: InventoryManager
    hostvars: HostVars

    def work_out(self, names: frozenset[str]) -> Inventory:
        """Read these variables of all hosts."""
        from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
            read_inventory,
        )

        return read_inventory(self.hostvars, self.manager.get_groups_dict(), self.loader, names)

    def matching(self, limit: str) -> list[str]:
        """Return the hosts that a limit means."""
        self.manager.subset(limit)
        try:
            return [host.get_name() for host in self.manager.get_hosts()]
        finally:
            self.manager.subset(None)


@dataclass(frozen=True)
class Cluster:
    """All of it."""

    sources: tuple[str, ...]
    groups: Mapping[str, Sequence[str]]
    """The hosts of each group."""
    hosts: dict[str, Host]
    values: Mapping[str, Any]
    """The variables that this command reads, of the first host."""
    names: frozenset[str]
    """Those that the inventory sets for any host, whatever they are."""
    open: Callable[[], Opened]
    """Returns the inventory as Ansible holds it; it is read for that where it was kept."""

    @property
    def addresses(self) -> dict[str, str]:
        """The address of each host."""
        return {host.name: host.address for host in self.hosts.values()}

    @cached_property
    def services(self) -> dict[str, dict[str, Any]]:
        """The service table."""
        from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import (
            service_table,
            table_problems,
        )

        table, overrides = self.shared("cluster_services"), self.shared("cluster_service_overrides")
        if not table or table_problems(table, overrides):
            raise _mistake("cluster_services or cluster_service_overrides has mistakes")
        return service_table(table, overrides)

    def matching(self, limit: str) -> list[str]:
        """Return the hosts that a limit means, in the order of the inventory."""
        return self.open().matching(limit)

    def shared(self, name: str) -> Any:
        """Return a value that is the same for all hosts."""
        return self.values[name]

    def secret(self, name: str) -> Any:
        """Return a value that may be encrypted, None where it is unset."""
        if name not in self.names:
            return None
        found = self.open().work_out(frozenset({name}))
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


def read(given: Sequence[str], *, anew: bool = False) -> Cluster:
    """Read the inventory and the variables of all hosts that the command needs, or return what was kept of them."""
    found = project.find()
    key = kept.key_of(found, given)
    if not anew and (content := kept.load(key)):
        project.share_code()
        return from_content(content)
    sources = sources_of(given)
    from ansible.errors import AnsibleError

    try:
        with kept.Watch(found) as watch:
            cluster, content = _read(sources)
    except AnsibleError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ClusterError(f"the inventory cannot be read: {reason}.", exits.INVENTORY) from error
    if not _varies(cluster.open().hostvars):
        kept.save(key, watch, content, _also_read(found, sources))
    return cluster


def _read(sources: tuple[str, ...]) -> tuple[Cluster, dict[str, Any]]:
    """Return the cluster, and what is kept of it. No variable of the command's own is a secret."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cluster_content import read_content

    opened = _opened(sources)
    inventory, content = read_content(opened.hostvars, opened.manager.get_groups_dict(), opened.loader, sources)
    if not inventory.hosts:
        raise ClusterError(f"inventory: {', '.join(sources)} has no host; {_VALIDATE}.", exits.INVENTORY)
    if inventory.unresolved:
        raise ClusterError(inventory.unresolved[0].sentence, exits.INVENTORY)
    return from_content(content, lambda: opened), content


def _opened(sources: tuple[str, ...]) -> Opened:
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.vars.hostvars import HostVars
    from ansible.vars.manager import VariableManager

    loader = DataLoader()
    _open_vaults(loader)
    manager = InventoryManager(loader=loader, sources=list(sources))
    return Opened(loader, manager, HostVars(manager, VariableManager(loader=loader, inventory=manager), loader))


def _varies(hostvars: HostVars) -> bool:
    """Tell whether a value that is kept, or one that it follows from, is encrypted or asked for anew each time."""
    from ansible.parsing.vault import VaultHelper
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cluster_content import WANTED
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
        load_defaults,
        written_variables,
    )

    written: dict[str, list[Any]] = {name: [value] for name, value in load_defaults().items()}
    for host in hostvars:
        for name, value in written_variables(hostvars, host).items():
            written.setdefault(name, []).append(value)
    seen: set[str] = set()
    names = set(WANTED)
    while names:
        seen |= names
        values = [value for name in names for value in written.get(name, ())]
        names = set()
        for value in _leaves(values):
            if VaultHelper.get_ciphertext(value, with_tags=False) is not None:
                return True
            if isinstance(value, str) and "{" in value:
                if kept.varies(value):
                    return True
                names.update(_WORD.findall(value))
        names = names & written.keys() - seen
    return False


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from _leaves([*value.keys(), *value.values()])
    elif isinstance(value, (list, tuple)):
        for member in value:
            yield from _leaves(member)
    else:
        yield value


def from_content(content: dict[str, Any], opened: Callable[[], Opened] | None = None) -> Cluster:
    """Return a cluster from what `_cluster_content` made of its inventory, which is read again where that is needed."""
    sources = tuple(content["sources"])

    @cache
    def anew() -> Opened:
        project.prepare()
        return _opened(sources)

    hosts = [Host(**{**host, "groups": tuple(host["groups"])}) for host in content["hosts"]]
    by_name = {host.name: host for host in hosts}
    names = frozenset(content["names"])
    return Cluster(sources, content["groups"], by_name, content["values"], names, opened or anew)


def _also_read(found: project.Project, sources: tuple[str, ...]) -> list[Path]:
    """Return what Ansible looks for and may not have found, and what was read before it was watched."""
    configurations = [Path("ansible.cfg"), found.root / "ansible.cfg", Path("~/.ansible.cfg").expanduser()]
    if named := os.environ.get("ANSIBLE_CONFIG"):
        configurations.append(Path(named))
    named_hosts = [Path(source) for source in sources if "," not in source]
    folders = {Path.cwd(), *(path if path.is_dir() else path.parent for path in named_hosts)}
    return [
        *configurations,
        *(Path("/etc/ansible") / name for name in ("ansible.cfg", "hosts")),
        found.own_inventory,
        *named_hosts,
        *(folder / name for folder in folders for name in ("group_vars", "host_vars")),
        found.root / "capabilities.yml",
        found.root / "roles",
        *found.root.glob("roles/*/defaults/main.yml"),
        *found.root.glob("roles/*/meta/argument_specs.yml"),
    ]


def _open_vaults(loader: DataLoader) -> None:
    """Have values in vaults read with the passwords that Ansible's configuration names, if it does."""
    from ansible import constants

    if not (constants.DEFAULT_VAULT_IDENTITY_LIST or constants.DEFAULT_VAULT_PASSWORD_FILE):
        return
    from ansible.cli import CLI

    ids = list(constants.DEFAULT_VAULT_IDENTITY_LIST)
    loader.set_vault_secrets(CLI.setup_vault_secrets(loader, vault_ids=ids, ask_vault_pass=False, auto_prompt=False))
