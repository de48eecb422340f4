# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the project brings to hosts, and the groups that say where: read from capabilities.yml."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

ROOT = Path(__file__).resolve().parents[2]
FILE = "capabilities.yml"


@dataclass(frozen=True)
class Group:
    """A group of the inventory that means something."""

    name: str
    description: str
    platform: str = ""
    """macos or linux, where its hosts must be of that platform alone."""
    reason: str = ""
    """Why they must be."""


@dataclass(frozen=True)
class Capability:
    """What one role brings."""

    name: str
    description: str
    playbook: str
    hosts: str
    """The group of its play; all is one."""
    group: str = ""
    """Where only some of those hosts have it: the group that says which."""
    after: tuple[str, ...] = ()
    checks: bool = True
    uid: int | None = None
    more_tags: tuple[str, ...] = ()

    @property
    def tags(self) -> frozenset[str]:
        """What runs it: its own name, that of its playbook, or another that its entry names."""
        return frozenset({self.name, self.playbook, *self.more_tags})

    @property
    def where(self) -> str:
        """The group whose hosts have it; all is one."""
        return self.group or self.hosts


@dataclass(frozen=True)
class Registry:
    """All of it."""

    groups: dict[str, Group]
    planned_groups: dict[str, tuple[str, ...]]
    building_blocks: tuple[str, ...]
    capabilities: dict[str, Capability] = field(default_factory=dict)

    def with_needed(self, name: str) -> list[str]:
        """Return a capability and all that it comes after, in the order of the file."""
        needed, new = set(), {name}
        while new:
            needed |= new
            new = {before for one in new for before in self.capabilities[one].after} - needed
        return [one for one in self.capabilities if one in needed]


def parse(content: dict[str, Any]) -> Registry:
    """Read the content of the file."""
    return Registry(
        groups={name: Group(name, **entry) for name, entry in content["groups"].items()},
        planned_groups={name: tuple(groups) for name, groups in content["planned_groups"].items()},
        building_blocks=tuple(content["building_blocks"]),
        capabilities={name: _capability(name, entry) for name, entry in content["capabilities"].items()},
    )


def _capability(name: str, entry: dict[str, Any]) -> Capability:
    values = {key: value for key, value in entry.items() if key != "tags"}
    return Capability(
        name, **{**values, "after": tuple(entry.get("after", ())), "more_tags": tuple(entry.get("tags", ()))}
    )


@cache
def registry(root: Path = ROOT) -> Registry:
    """Return what a tree brings, by default this one."""
    return parse(yaml_load((root / FILE).read_text(encoding="utf-8")))
