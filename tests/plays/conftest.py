# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Runs playbooks on this machine alone: the hosts of an inventory are this machine, or are touched by nobody."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[2]
FOUND_BY_HOST = "dict(ansible_play_hosts | zip(ansible_play_hosts | map('extract', hostvars, 'found')))"
"""An expression: what a task has set as `found` for each host, by the names of the hosts."""
# Measures nothing: a line for each check it is asked for, false where the test says so.
REPORT = """
from ansible.module_utils.basic import AnsibleModule
options = {"checks": {"type": "list", "elements": "dict"}, "fail_on_false": {"type": "bool"}}
options["passwords"] = {"type": "dict", "no_log": True}
module = AnsibleModule(options, supports_check_mode=True)
lines = [
    {"capability": check["capability"], "title": check["check"], "ok": True, "measured": "asked", "expected": "asked"}
    for check in module.params["checks"]
]
module.exit_json(changed=False, lines=lines, ok=True)
"""


@dataclass
class Played:
    """What a run printed."""

    rc: int
    text: str

    @property
    def capabilities(self) -> set[str]:
        """The capabilities that the report has lines of."""
        lines = [line.split() for line in self.text.splitlines()]
        return {words[1].rstrip(":") for words in lines if words[:1] in (["ok"], ["FALSE"]) and len(words) > 1}


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a collections path with this collection, whose report asks nobody."""
    root = tmp_path_factory.mktemp("collections")
    cluster = root / "ansible_collections/hybrid_ai/cluster"
    (cluster / "plugins/modules").mkdir(parents=True)
    for name in ("meta", "playbooks", "roles"):
        (cluster / name).symlink_to(REPOSITORY / name)
    for path in (REPOSITORY / "plugins").iterdir():
        if path.name != "modules":
            (cluster / "plugins" / path.name).symlink_to(path)
    for path in (REPOSITORY / "plugins/modules").glob("*.py"):
        if path.name != "node_report.py":
            (cluster / "plugins/modules" / path.name).symlink_to(path)
    (cluster / "plugins/modules/node_report.py").write_text(REPORT)
    return root


@pytest.fixture
def play(tmp_path: Path, collections: Path) -> Callable[..., Played]:
    """Run a playbook of the repository, by default with the repository's configuration."""

    def run(playbook: str | Path, *arguments: str, **environment: str | None) -> Played:
        named = str(playbook) if str(playbook).startswith("hybrid_ai.") else str(REPOSITORY / playbook)
        settings: dict[str, str | None] = {
            **os.environ,
            "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible"),
            "ANSIBLE_HOME": str(tmp_path / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            **environment,
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), named, *arguments],
            cwd=tmp_path,
            env={name: value for name, value in settings.items() if value is not None},
            # Nobody is there to be asked.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Played(done.returncode, done.stdout)

    return run
