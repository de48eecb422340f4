# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Runs playbooks on this machine alone: the hosts of an inventory are this machine, or are touched by nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

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
# Notes that it was asked, and answers what the test says: of several answers one after the other.
ANSWERING = """
import json, os
from ansible.module_utils.basic import AnsibleModule  # by this line Ansible knows its kind
name, folder = {name!r}, {folder!r}
with open(os.path.join(folder, "calls"), "a+") as file:
    file.write(name + "\\n")
    file.seek(0)
    count = file.read().split().count(name)
with open(os.path.join(folder, name + ".json")) as file:
    answers = json.load(file)
print(json.dumps(answers[min(count, len(answers)) - 1]))
raise SystemExit
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


def write_collection(root: Path, modules: Mapping[str, str]) -> Path:
    """Make a collections path with this collection, some of whose modules are others."""
    cluster = root / "ansible_collections/hybrid_ai/cluster"
    (cluster / "plugins/modules").mkdir(parents=True)
    for name in ("meta", "playbooks", "roles"):
        (cluster / name).symlink_to(REPOSITORY / name)
    for path in (REPOSITORY / "plugins").iterdir():
        if path.name != "modules":
            (cluster / "plugins" / path.name).symlink_to(path)
    for path in (REPOSITORY / "plugins/modules").glob("*.py"):
        if path.stem not in modules:
            (cluster / "plugins/modules" / path.name).symlink_to(path)
    for name, text in modules.items():
        (cluster / f"plugins/modules/{name}.py").write_text(text)
    return root


class Answers:
    """Modules that answer what a test says, in a collection of their own."""

    def __init__(self, place: Path, names: Iterable[str]) -> None:
        self._folder = place / "answers"
        self._folder.mkdir()
        modules = {name: ANSWERING.format(name=name, folder=str(self._folder)) for name in names}
        self.collections = write_collection(place / "collections", modules)

    def give(self, answers: Mapping[str, dict[str, Any] | list[dict[str, Any]]]) -> None:
        """Say what each module answers from now on: a result, or several, one after the other."""
        for name, given in answers.items():
            results = [{"changed": False, **one} for one in (given if isinstance(given, list) else [given])]
            (self._folder / f"{name}.json").write_text(json.dumps(results))
        (self._folder / "calls").write_text("")

    @property
    def asked(self) -> list[str]:
        """The modules that were asked since."""
        return (self._folder / "calls").read_text().split()


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a collections path with this collection, whose report asks nobody."""
    return write_collection(tmp_path_factory.mktemp("collections"), {"node_report": REPORT})


@pytest.fixture(scope="session")
def run_play(collections: Path) -> Callable[..., Played]:
    """Run a playbook of the repository in a place, by default with the repository's configuration."""

    def run(place: Path, playbook: str | Path, *arguments: str, **environment: str | None) -> Played:
        named = str(playbook) if str(playbook).startswith("hybrid_ai.") else str(REPOSITORY / playbook)
        settings: dict[str, str | None] = {
            **os.environ,
            "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_LOCAL_TEMP": str(place / "ansible"),
            "ANSIBLE_HOME": str(place / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            **environment,
        }
        done = subprocess.run(
            [str(Path(sys.executable).with_name("ansible-playbook")), named, *arguments],
            cwd=place,
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


@pytest.fixture
def play(tmp_path: Path, run_play: Callable[..., Played]) -> Callable[..., Played]:
    """Run a playbook in a place of the test's own."""
    return partial(run_play, tmp_path)
