# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the inventory has already, where there is one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from hybrid_cluster.command import exits, inventory, project
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.init import edit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hybrid_cluster.command.inventory import Cluster

HOSTS = ("hosts.yml", "hosts.yaml")
_SUFFIXES = (".yml", ".yaml")
_IGNORED = (*_SUFFIXES, ".md", "~", ".bak", ".orig")
_ADMINISTRATOR = "admin"


@dataclass(frozen=True)
class Existing:
    """A folder that is an inventory, or may become one."""

    folder: Path
    cluster: Cluster | None = None
    """None where there is none yet."""
    texts: dict[Path, str] = field(default_factory=dict)
    """Every file of YAML in it."""

    @property
    def links(self) -> list[dict[str, Any]]:
        """The cables that are written, as plain data: Ansible's own remembers where it is from."""
        written = self.cluster.shared("thunderbolt_links") if self.cluster else self._written("thunderbolt_links")
        plain: list[dict[str, Any]] = json.loads(json.dumps(written or []))
        return plain

    @property
    def addresses(self) -> dict[str, str]:
        """The hosts that are written, each with its address."""
        found = self.cluster.addresses if self.cluster else {}
        return {str(name): str(address) for name, address in found.items()}

    def members(self, group: str) -> list[str]:
        """Return the hosts that a group has already."""
        return [str(name) for name in self.cluster.groups.get(group, ())] if self.cluster else []

    @property
    def has_models(self) -> bool:
        """Whether somebody has said which models there are."""
        return bool(self.cluster and self.cluster.shared("cluster_models"))

    @property
    def user(self) -> str:
        """Who logs in to machines, as far as that is written for all."""
        found = (edit.value_at(_document(text), key) for text in self.texts.values() for key in _USERS)
        return next((str(name) for name in found if isinstance(name, str) and "{" not in name), _ADMINISTRATOR)

    @property
    def hosts_file(self) -> Path:
        """The file with the hosts."""
        names = [self.folder / name for name in HOSTS]
        return next((path for path in names if path in self.texts), names[0])

    @property
    def file_for_all(self) -> Path:
        """The file that is read for all hosts, or will be; beside a folder of that name Ansible reads no file."""
        places = self.folder / "group_vars"
        if (places / "all").is_dir():
            return places / "all/init.yml"
        return next(
            (path for suffix in _SUFFIXES if (path := places / f"all{suffix}") in self.texts), places / "all.yml"
        )

    def says(self, variable: str) -> bool:
        """Tell whether somebody has written a variable of all hosts."""
        path, keys = self.where(variable)
        return path in self.texts and edit.has(_document(self.texts[path]), keys)

    def _written(self, variable: str) -> Any:
        path, keys = self.where(variable)
        return edit.value_at(_document(self.texts.get(path, "")), keys)

    def where(self, variable: str) -> tuple[Path, tuple[str, ...]]:
        """Return the file and the keys by which a variable of all hosts is written, or is to be."""
        for path, text in self.texts.items():
            keys = (variable,) if "group_vars" in path.parts else ("all", "vars", variable)
            if edit.has(_document(text), keys):
                return path, keys
        return self.file_for_all, (variable,)


_USERS = (("ansible_user",), ("all", "vars", "ansible_user"))


def _document(text: str) -> Any:
    try:
        return edit.load(text)
    except yaml.YAMLError:
        return None


def read(folder: Path) -> Existing:
    """Read a folder.

    :raises ClusterError: it is no folder, or an inventory in a form that this command does not write
    """
    if folder.exists() and not folder.is_dir():
        raise ClusterError(f"{folder} is no folder; name the folder that hosts.yml is in, or is to be.", exits.USAGE)
    texts = {path: path.read_text(encoding="utf-8") for path in _files(folder)}
    if any(folder / name in texts for name in HOSTS):
        return Existing(folder, inventory.read([str(folder)], anew=True), texts)
    others = [path.name for path in _top(folder) if not path.name.endswith(_IGNORED[len(_SUFFIXES) :])]
    if others:
        text = f"{folder} has {others[0]} and no hosts.yml; this command writes that file only, so name another folder."
        raise ClusterError(text, exits.INVENTORY)
    project.prepare()
    return Existing(folder, None, texts)


def _top(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.is_file() and not path.name.startswith(".")]


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in _top(folder) if path.suffix in _SUFFIXES)
    yield from (path for path in sorted(folder.glob("group_vars/all.*")) if path.suffix in _SUFFIXES)
    yield from (path for path in sorted(folder.glob("group_vars/all/*")) if path.suffix in _SUFFIXES)
