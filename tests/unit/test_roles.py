# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that every role keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TASK_FILES = sorted(ROOT.glob("roles/*/tasks/*.yml"))
SHELLS = {"shell", "ansible.builtin.shell", "raw", "ansible.builtin.raw", "script", "ansible.builtin.script"}


def actions(tasks):
    """Yield the keys of every task, those inside blocks included."""
    for task in tasks or []:
        yield from task
        for section in ("block", "rescue", "always"):
            yield from actions(task.get(section))


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_role_uses_a_shell(path):
    """Options of GNU tools that macOS refuses hide in shell lines; modules have none."""
    assert SHELLS.isdisjoint(actions(yaml.safe_load(path.read_text(encoding="utf-8"))))


def applied_roles():
    """Return the roles that site.yml applies, whichever playbook names them."""
    playbooks = [
        ROOT / play["ansible.builtin.import_playbook"] for play in yaml.safe_load((ROOT / "site.yml").read_text())
    ]
    plays = [play for path in playbooks for play in yaml.safe_load(path.read_text())]
    names = {role["role"] if isinstance(role, dict) else role for play in plays for role in play.get("roles", [])}
    return sorted(name.rpartition(".")[2] for name in names)


@pytest.mark.parametrize("role", applied_roles())
def test_a_role_with_a_report_is_part_of_verify(role):
    if not (ROOT / "roles" / role / "tasks" / "report.yml").exists():
        return
    tasks = (ROOT / "roles/verify/tasks/main.yml").read_text(encoding="utf-8")
    checks = (ROOT / "roles/verify/vars/main.yml").read_text(encoding="utf-8")
    assert f"hybrid_ai.cluster.{role}," in tasks
    assert f"__{role}_report" in checks
