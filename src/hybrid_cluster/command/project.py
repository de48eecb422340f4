# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where the project lies, a checkout or an installed collection, and which configuration Ansible reads."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

from hybrid_cluster.command import exits
from hybrid_cluster.command.errors import ClusterError

PROJECT = "CLUSTER_PROJECT"
"""Environment variable: the folder of the checkout."""
_COLLECTION = Path("ansible_collections/hybrid_ai/cluster")
_MARK = "capabilities.yml"


@dataclass(frozen=True)
class Project:
    """What the command works with."""

    root: Path
    """The folder with roles, plugins and playbooks."""
    collections: Path
    """The folder that has it as ansible_collections/hybrid_ai/cluster."""

    @property
    def site(self) -> Path:
        """The playbook of the whole cluster."""
        return self.root / "playbooks/site.yml"

    @property
    def own_inventory(self) -> Path:
        """The inventory that every page of the documentation makes."""
        return self.root / "inventories/home"


def _checkout(folder: Path) -> Project | None:
    whole = (folder / _MARK).is_file() and (folder / "collections" / _COLLECTION).is_dir()
    return Project(folder, folder / "collections") if whole else None


def _installed() -> Project | None:
    named = os.environ.get("ANSIBLE_COLLECTIONS_PATH", "~/.ansible/collections:/usr/share/ansible/collections")
    for text in named.split(os.pathsep):
        path = Path(text).expanduser().resolve()
        if (path / _COLLECTION / _MARK).is_file():
            return Project((path / _COLLECTION).resolve(), path)
    return None


@cache
def find() -> Project:
    """Return the project: the one that is named, else that of this folder or this program, or a collection."""
    if named := os.environ.get(PROJECT):
        found = _checkout(Path(named).expanduser().resolve())
        if found is None:
            raise ClusterError(f"{PROJECT} is {named}, which is not a checkout of the project.", exits.USAGE)
        return found
    here = Path.cwd().resolve()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[3]):
        if found := _checkout(folder):
            return found
    if found := _installed():
        return found
    text = f"the project is not found; run this in its checkout, or set {PROJECT} to the folder of that."
    raise ClusterError(text, exits.USAGE)


@cache
def prepare() -> Project:
    """Have Ansible read the configuration that it would read in the checkout, and find the collection.

    To be called before anything of Ansible is imported. What ANSIBLE_CONFIG or an ansible.cfg in this folder says goes
    first, as everywhere with Ansible.
    """
    project = find()
    configuration = project.root / "ansible.cfg"
    if "ANSIBLE_CONFIG" not in os.environ and not Path("ansible.cfg").is_file() and configuration.is_file():
        os.environ["ANSIBLE_CONFIG"] = str(configuration)
    # Validation says it with file and line; here it must not pass as an inventory without hosts.
    os.environ["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] = "true"
    _forget_shared_code()
    from ansible.plugins.loader import init_plugin_loader

    # From here on, what the collection has can be imported.
    init_plugin_loader([str(project.collections)])
    return project


_PACKAGES = ("ansible_collections", "ansible_collections.hybrid_ai", "ansible_collections.hybrid_ai.cluster")
_shared: set[str] = set()


def share_code() -> None:
    """Let the collection's code be imported without Ansible, as plain modules; nothing happens where Ansible has it."""
    if _PACKAGES[0] in sys.modules:
        return
    folder = find().collections
    for name in _PACKAGES:
        module = ModuleType(name)
        module.__path__ = [str(folder.joinpath(*name.split(".")))]
        sys.modules[name] = module
        _shared.add(name)


def _forget_shared_code() -> None:
    """Forget the plain modules, so that Ansible imports its own."""
    if _shared:
        for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGES[0]]:
            del sys.modules[name]
        _shared.clear()
