# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which roles a play applies, and under which tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

IMPORT = "ansible.builtin.import_role"


def applied(play: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yield each role of ours that a play applies as a whole, with the tags that run it."""
    shared = play.get("tags", [])
    for role in play.get("roles", []):
        described = role if isinstance(role, dict) else {"role": role}
        yield described["role"].rpartition(".")[2], {*shared, *described.get("tags", [])}
    for task in play.get("tasks", []):
        imported = task.get(IMPORT)
        if imported and "tasks_from" not in imported:
            yield imported["name"].rpartition(".")[2], {*shared, *task.get("tags", [])}
