# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a run of the playbook uninstall removes, read from the playbook: which capabilities, from which hosts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from ansible.module_utils.common.yaml import yaml_load
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._plays import applied
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import PLAYBOOKS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_EVERYTHING = frozenset({"all", "tagged"})


class Removal(NamedTuple):
    """A capability that the playbook removes from a group."""

    capability: str
    group: str
    tags: frozenset[str]


@cache
def removals() -> tuple[Removal, ...]:
    """Return what the playbook removes, in its order: roles that it gives the state absent."""
    plays = yaml_load((PLAYBOOKS / "uninstall.yml").read_text(encoding="utf-8"))
    return tuple(
        Removal(name, play["hosts"], frozenset(tags))
        for play in plays
        for name, tags in applied(play)
        if play.get("vars", {}).get(f"{name}_state") == "absent"
    )


def removed_capabilities(
    groups: Mapping[str, Sequence[str]], hosts: Iterable[str], run_tags: Iterable[str], skip_tags: Iterable[str]
) -> dict[str, list[str]]:
    """Return for each host what a run with these tags removes from it."""
    wanted, skipped = set(run_tags), set(skip_tags)
    chosen = [
        removal
        for removal in removals()
        if wanted & (removal.tags | _EVERYTHING) and not skipped & (removal.tags | _EVERYTHING)
    ]
    return {host: [removal.capability for removal in chosen if host in groups.get(removal.group, ())] for host in hosts}
