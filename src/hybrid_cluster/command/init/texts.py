# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The texts of an inventory: a new one from the example's, or changes to what somebody has written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command import project
from hybrid_cluster.command.init import edit
from hybrid_cluster.command.init.finding import SSH_PORT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hybrid_cluster.command.init.cables import Merged
    from hybrid_cluster.command.init.existing import Existing

LINKS = "thunderbolt_links"
_HEAD = """\
---
# Written by `cluster init`, and yours to edit: run again, it adds new hosts and leaves the rest as it is.
all:
  children:
    # What a host is: a Mac or a Linux machine.
"""
_GROUPS_HEAD = "\n    # What runs where; inventories/example/hosts.yml explains the groups."


@dataclass(frozen=True)
class NewHost:
    """A host to add."""

    address: str
    is_mac: bool
    port: int = SSH_PORT
    is_here: bool = False
    mac_address: str | None = None
    memory_gigabytes: float | None = None

    @property
    def variables(self) -> dict[str, Any]:
        """What is written beside its name."""
        said = {
            "ansible_host": self.address,
            "ansible_port": None if self.port == SSH_PORT else self.port,
            "ansible_connection": "local" if self.is_here else None,
            "mac_address": self.mac_address,
            "memory_gigabytes": self.memory_gigabytes,
        }
        return {name: value for name, value in said.items() if value is not None}

    @property
    def platform(self) -> str:
        """The group that says what it is."""
        return "macos" if self.is_mac else "linux"


@dataclass(frozen=True)
class Wanted:
    """What the inventory is to have more than it has."""

    cables: Merged
    hosts: Mapping[str, NewHost] = field(default_factory=dict)
    groups: Mapping[str, list[str]] = field(default_factory=dict)
    """New members of groups of capabilities."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Variables of all hosts that are not written yet."""


def texts(existing: Existing, wanted: Wanted) -> dict[Path, str]:
    """Return the files that differ from what is there, with their whole text."""
    found = _Texts(existing)
    if existing.cluster is None:
        found.new[existing.hosts_file] = hosts_text(wanted)
    else:
        _add_hosts(found, existing.hosts_file, wanted)
    path, keys = existing.where(LINKS)
    # A new inventory takes the place of the example's cables.
    before = edit.value_at(edit.load(found[path]), keys) or []
    kept = wanted.cables.kept if existing.says(LINKS) else [False] * len(before)
    if wanted.cables.added or not all(kept):
        found.new[path] = edit.keep_items(found[path], keys, kept, wanted.cables.added)
    for name, value in wanted.values.items():
        path, keys = existing.where(name)
        found.new[path] = edit.set_value(found[path], keys, value)
    macos = existing.folder / "group_vars/macos.yml"
    if any(host.is_mac for host in wanted.hosts.values()) and not (
        [*macos.parent.glob("macos.*")] or macos.with_suffix("").is_dir()
    ):
        found.new[macos] = _example("group_vars/macos.yml")
    return {path: text for path, text in found.new.items() if text != existing.texts.get(path)}


def origins(existing: Existing, after: Mapping[Path, str]) -> dict[Path, str]:
    """Return what each file differs from: what it says now, or the example's text that a new one begins as."""
    known = {
        existing.file_for_all: "group_vars/all.yml",
        existing.folder / "group_vars/macos.yml": "group_vars/macos.yml",
    }
    return {path: existing.texts.get(path) or (_example(known[path]) if path in known else "") for path in after}


class _Texts:
    """The texts as they have become so far; that of a new inventory begins as the example's."""

    def __init__(self, existing: Existing) -> None:
        self._existing = existing
        self.new: dict[Path, str] = {}

    def __getitem__(self, path: Path) -> str:
        if path in self.new:
            return self.new[path]
        if path in self._existing.texts:
            return self._existing.texts[path]
        is_first = self._existing.cluster is None and path == self._existing.file_for_all
        return _example("group_vars/all.yml") if is_first else "---\n"


def _example(name: str) -> str:
    return (project.find().root / "inventories/example" / name).read_text(encoding="utf-8")


def hosts_text(wanted: Wanted) -> str:
    """Return the text of a new hosts.yml."""
    platforms = {
        platform: {"hosts": {name: host.variables for name, host in wanted.hosts.items() if host.platform == platform}}
        for platform in ("macos", "linux")
    }
    lines = edit.block({name: group for name, group in platforms.items() if group["hosts"]}, 4)
    groups = {name: {"hosts": dict.fromkeys(members)} for name, members in wanted.groups.items() if members}
    if groups:
        lines += [_GROUPS_HEAD, *edit.block(groups, 4)]
    return _HEAD + "\n".join(lines) + "\n"


def _add_hosts(found: _Texts, path: Path, wanted: Wanted) -> None:
    text = found[path]
    for name, host in wanted.hosts.items():
        text = edit.set_value(text, ("all", "children", host.platform, "hosts", name), host.variables)
    for group, members in wanted.groups.items():
        for name in members:
            text = edit.set_value(text, ("all", "children", group, "hosts", name), None)
    found.new[path] = text
