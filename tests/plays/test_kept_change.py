# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A change that takes itself back is kept host by host: no host waits for another, and a new connection proves it.

The roles' own tasks are played on hosts that are reached by an ssh of this test, which knows when a connection is new.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 8

# Stands in for a module of ours: writes down that it was called, and answers as one whose change waits.
MODULE = """\
#!/usr/bin/python
import json, os, sys
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({{name: {{"type": "raw"}} for name in {options}}}, supports_check_mode=True)
event = "confirm" if module.params.get("confirm") else "change" if module.params.get("undo_after") else "other"
if event != "other":
    with open(os.environ["EVENTS"], "a") as log:
        log.write(json.dumps([os.environ["PLAYED"], event]) + "\\n")
if event == "confirm" and os.environ["PLAYED"] == "late":
    module.exit_json(changed=False, confirmed=False, undo_pending=False)
waits = event == "change" and bool(module.params.get("undo_after")) and not module.check_mode
module.exit_json(changed=event == "change", changes={{}}, undo_pending=waits, confirmed=event == "confirm")
"""
OPTIONS = ("tables", "rules", "undo_after", "confirm", "location_absent", "connection_address", "services", "prove")
OPTIONS += ("label", "state", "owned_paths", "record")

SSH = """\
#!{python}
import json, os, subprocess, sys, time
words, options, place = sys.argv[1:], [], 0
while words[place].startswith("-"):
    if words[place] == "-o":
        options.append(words[place + 1])
        place += 1
    place += 1
host, command = words[place], " ".join(words[place + 1 :])
log = {events!r}
def events():
    return [json.loads(line) for line in open(log)] if os.path.exists(log) else []
def note(event):
    with open(log, "a") as file:
        file.write(json.dumps([host, event]) + "\\n")
# The first value of an option is the one that counts.
path = next(option for option in [*options, "ControlPath=shared"] if option.lower().startswith("controlpath"))
new = path.lower() == "controlpath=none"
if host == "refusing" and new:
    sys.stderr.write("ssh: connect to host refusing port 22: Connection refused")
    sys.exit(255)
data = sys.stdin.buffer.read()
if host == "dying" and not new and (b"modules.firewall" in data or b"modules.macos_network" in data):
    deadline = time.monotonic() + {patience}
    while ["steady", "confirm"] not in events() and time.monotonic() < deadline:
        time.sleep(0.1)
    note("noticed")
    sys.stderr.write("Timeout, server dying not responding.")
    sys.exit(255)
if new:
    note("new connection" if "ServerAliveInterval=7" in options else "bare connection")
environment = {{**os.environ, "EVENTS": log, "PLAYED": host}}
sys.exit(subprocess.run(["/bin/sh", "-c", command], env=environment, input=data).returncode)
"""


@dataclass
class Played:
    """What a play came to."""

    said: str
    events: list[list[str]]

    def of(self, host: str) -> list[str]:
        return [event for name, event in self.events if name == host]

    def ended(self, host: str) -> list[str]:
        """Return how the play ended for a host, nothing where it went well."""
        recap = re.search(rf"{host} : ok=\d+ changed=\d+ unreachable=(\d) failed=(\d)", self.said)
        assert recap, self.said
        return [how for how, count in zip(("unreachable", "failed"), recap.groups(), strict=True) if count != "0"]


ROLES = {
    "firewall": ("firewall", "present", {"__firewall_wanted": {"tables": {}, "rules": []}}),
    "name servers": ("dns_client", "macos_change", {"__dns_client_macos_services": [], "dns_client_probes": []}),
    "exo's location": ("exo", "network_daemon", {}),
}

# What a change needs is there.
PACKAGE = """
from ansible.module_utils.basic import AnsibleModule

AnsibleModule({"name": {}}, supports_check_mode=True).exit_json(installed=True)
"""


class Stage:
    """A collection whose modules are played, and an ssh that reaches its hosts."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.events = place / "events"
        collection = place / "ansible_collections/hybrid_ai/cluster"
        modules = collection / "plugins/modules"
        modules.mkdir(parents=True)
        for name in ("firewall", "macos_network", "macos_launchd"):
            (modules / f"{name}.py").write_text(MODULE.format(options=OPTIONS))
        (modules / "distribution_package.py").write_text(PACKAGE)
        for folder in (ROOT / "plugins").iterdir():
            if folder.is_dir() and folder.name not in ("modules", "__pycache__"):
                (collection / "plugins" / folder.name).symlink_to(folder)
        (collection / "roles").symlink_to(ROOT / "roles")
        ssh = place / "ssh"
        ssh.write_text(SSH.format(python=sys.executable, events=str(self.events), patience=PATIENCE_SECONDS))
        ssh.chmod(ssh.stat().st_mode | stat.S_IEXEC)

    def play(
        self,
        case: str,
        *hosts: str,
        connection: dict[str, Any] | None = None,
        check: bool = False,
        delegate_to: str = "",
        **more: Any,
    ) -> Played:
        role, entry, values = ROLES[case]
        shared = {
            "ansible_ssh_executable": str(self.place / "ssh"),
            "ansible_python_interpreter": sys.executable,
            "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=7",
            "ansible_pipelining": True,
            "firewall_undo_after_seconds": 170,
            "cluster_undo_after_seconds": 170,
            **(connection or {}),
        }
        inventory = {
            "all": {"vars": shared, "children": {"macos": {"hosts": {name: {"ansible_host": name} for name in hosts}}}}
        }
        (self.place / "hosts.yml").write_text(yaml.safe_dump(inventory))
        included = {"name": f"hybrid_ai.cluster.{role}", "tasks_from": entry, "rolespec_validate": False}
        included["apply"] = {"delegate_to": delegate_to} if delegate_to else {}
        task = {"name": "Play", "ansible.builtin.include_role": included}
        play = {"name": "Play", "hosts": "all", "gather_facts": False, "tasks": [task]}
        (self.place / "play.yml").write_text(yaml.safe_dump([play]))
        (self.place / "ansible.cfg").write_text("[defaults]\ninject_facts_as_vars = false\n")
        argv = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "hosts.yml", "play.yml", "--forks", "5"]
        # Above the variables of the roles themselves.
        argv += ["--extra-vars", json.dumps({**values, **more})]
        environment = {
            **os.environ,
            "EVENTS": str(self.events),
            "PLAYED": hosts[0],
            "ANSIBLE_CONFIG": str(self.place / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(self.place),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        }
        done = subprocess.run(
            [*argv, *(["--check"] if check else [])],
            cwd=self.place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        events = [json.loads(line) for line in self.events.read_text().splitlines()] if self.events.exists() else []
        return Played(" ".join((done.stdout + done.stderr).split()), events)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.mark.parametrize("case", ROLES)
def test_no_host_waits_for_one_that_dies(stage: Stage, case: str) -> None:
    played = stage.play(case, "dying", "steady")
    assert "noticed" in played.of("dying"), played.said
    order = [event for event in played.events if event in (["steady", "confirm"], ["dying", "noticed"])]
    assert order[0] == ["steady", "confirm"], "it waited until ssh had noticed that another host is gone"
    assert "take themselves back in 170 s" in played.said, played.said
    assert played.ended("dying") == ["unreachable"]
    assert played.ended("steady") == []


@pytest.mark.parametrize("case", ["firewall", "exo's location"])
def test_the_confirmation_comes_by_a_new_connection_that_notices_a_dead_host(stage: Stage, case: str) -> None:
    played = stage.play(case, "steady")
    assert [event for event in played.of("steady") if event != "new connection"][-2:] == ["change", "confirm"]
    assert played.of("steady")[-2] == "new connection", "ssh's options were dropped, or the connection was not new"
    assert played.ended("steady") == []


def test_a_host_that_lets_no_new_connection_in_is_unreachable_alone(stage: Stage) -> None:
    played = stage.play("firewall", "refusing", "steady")
    assert "confirm" in played.of("steady")
    assert "confirm" not in played.of("refusing")
    assert "its rules take themselves back in 1" in played.said, played.said
    assert played.ended("refusing") == ["unreachable"]
    assert played.ended("steady") == []


def test_a_confirmation_that_comes_too_late_fails(stage: Stage) -> None:
    played = stage.play("exo's location", "late")
    assert "late: there was no change left to confirm; repeat the run" in played.said, played.said
    assert played.ended("late") == ["failed"]


def test_a_delegated_change_is_proved_where_it_was_made(stage: Stage) -> None:
    played = stage.play("firewall", "asking", delegate_to="steady")
    assert played.events == [["steady", "change"], ["steady", "new connection"], ["steady", "confirm"]], played.said


def test_check_mode_confirms_nothing(stage: Stage) -> None:
    played = stage.play("firewall", "steady", check=True)
    assert played.of("steady") == ["change"]


def test_this_machine_needs_no_connection(stage: Stage) -> None:
    played = stage.play("firewall", "steady", connection={"ansible_connection": "local"})
    assert played.events == [["steady", "change"], ["steady", "confirm"]], played.said


KNOWN = ["/bin/sh", "-c", "echo known"]
FORGOTTEN = ["/bin/sh", "-c", "true"]


@pytest.mark.parametrize(("proof", "kept"), [(KNOWN, True), (FORGOTTEN, False)], ids=["known", "forgotten"])
def test_what_was_known_before_must_be_known_by_the_new_connection(stage: Stage, proof: list[str], kept: bool) -> None:
    found = {"results": [{"cmd": proof, "stdout": "known", "item": "example.org"}]}
    played = stage.play("name servers", "steady", __dns_client_known=found)
    assert ("confirm" in played.of("steady")) is kept, played.said
