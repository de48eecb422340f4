# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every playbook validates the inventory before anything else, whatever the tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import yaml_files

REPOSITORY = Path(__file__).parents[3]
PLAYBOOKS = [*sorted((REPOSITORY / "playbooks").glob("*.yml")), REPOSITORY / "site.yml"]
VALIDATE = "hybrid_ai.cluster.validate"


def first_play(path: Path) -> tuple[dict[str, Any], Path]:
    """Return the first play of a playbook, through those that it imports, and the file that has it."""
    entry = yaml_files.load(path)[0]
    imported = entry.get("ansible.builtin.import_playbook")
    return first_play(path.parent / imported) if imported else (entry, path)


def roles(play: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the first roles of a play, each with the tags that it runs under."""
    listed = [(one["role"], play.get("tags")) for one in play.get("roles", ())]
    tasks = play.get("pre_tasks", []) + play.get("tasks", [])
    return listed + [
        (task["ansible.builtin.import_role"]["name"], task.get("tags", play.get("tags")))
        for task in tasks[:1]
        if "ansible.builtin.import_role" in task
    ]


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_validates_first(path: Path) -> None:
    play, file = first_play(path)
    role, tags = roles(play)[0]
    assert role == VALIDATE, file
    assert "always" in str(tags), "it would not run under other tags"
    assert play["gather_facts"] is False, "facts would touch hosts before"
    assert play["hosts"].split(",")[0] == "localhost", "a limit would leave it out"
