# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster apply` with plays of its own, on this machine: progress, changes, failures, and Ctrl-C."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pexpect
import pytest
import yaml

from hybrid_cluster.command import exits
from tests.unit.command.conftest import COLUMNS, COMMAND, REPOSITORY, Said, environment

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = {"ansible_connection": "local"}
NOBODY = {"ansible_host": "127.0.0.1", "ansible_port": 1}
TRUE = {"ansible.builtin.command": "true"}


class Site:
    """A checkout whose site.yml is the test's own, and an inventory for it."""

    def __init__(self, place: Path) -> None:
        self.root = place / "project"
        (self.root / "playbooks").mkdir(parents=True)
        for name in ("ansible.cfg", "capabilities.yml", "collections"):
            (self.root / name).symlink_to(REPOSITORY / name)
        self.state = place / "state"
        self.inventory = place / "hosts.yml"
        self.hosts(mini1=LOCAL, mini2=LOCAL)

    def hosts(self, **hosts: Any) -> None:
        self.inventory.write_text(yaml.safe_dump({"all": {"hosts": hosts}}))

    def plays(self, **roles: list[dict[str, Any]]) -> None:
        """Have each role of these names do some tasks."""
        for role, tasks in roles.items():
            path = self.root / f"playbooks/roles/{role}/tasks/main.yml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(yaml.safe_dump(tasks))
        play = {"hosts": "all", "gather_facts": False, "roles": [{"role": role, "tags": [role]} for role in roles]}
        (self.root / "playbooks/site.yml").write_text(yaml.safe_dump([play]))

    @property
    def environment(self) -> dict[str, str]:
        return environment(CLUSTER_PROJECT=str(self.root), XDG_STATE_HOME=str(self.state))

    @property
    def argv(self) -> list[str]:
        return [*COMMAND, "apply", "-i", str(self.inventory)]

    def apply(self, *arguments: str) -> Said:
        argv = [*self.argv, *arguments]
        done = subprocess.run(
            argv, cwd=self.root, env=self.environment, capture_output=True, encoding="utf-8", check=False, timeout=300
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def on_a_terminal(self, *arguments: str) -> Said:
        argv = [*self.argv, *arguments]
        child = pexpect.spawn(
            argv[0],
            argv[1:],
            cwd=str(self.root),
            env=self.environment,
            dimensions=(24, COLUMNS),
            encoding="utf-8",
            timeout=300,
        )
        out = child.read()
        child.close()
        return Said(child.exitstatus or 0, out)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_what_changed_and_how_long_it_takes(site):
    trusts = "test {{ lookup('ansible.builtin.env', 'ANSIBLE_HOST_KEY_CHECKING') }} = True"
    site.plays(
        exo=[
            {"name": "Know the hosts", "ansible.builtin.command": trusts, "changed_when": False},
            {"name": "Change", **TRUE},
        ],
        model_files=[{"name": "Look", "ansible.builtin.debug": {"msg": "nothing"}}],
    )
    said = site.apply()
    assert (said.code, said.err) == (exits.OK, "")
    assert "\x1b" not in said.out
    assert re.fullmatch(r"exo: 2 changes, \d+:\d\d", said.lines[1])
    assert re.fullmatch(r"model_files: nothing changed, \d+:\d\d", said.lines[2])
    assert said.lines[3:5] == ["mini1: 1 changed: Change", "mini2: 1 changed: Change"]
    again = site.on_a_terminal("--tags", "exo", "--limit", "mini1")
    assert again.code == exits.OK
    # This limit is another kind of run.
    assert "how long it takes is not known" in again.out
    third = site.on_a_terminal()
    assert "the last time" in third.out
    assert max(map(len, third.lines)) <= COLUMNS
    assert not list(site.root.rglob("summary.json"))


def test_the_first_failure_that_counts(site):
    site.hosts(mini1=LOCAL, gone=NOBODY)
    caught = {"block": [{"name": "Try", "ansible.builtin.command": "false"}], "rescue": [{"name": "Go on", **TRUE}]}
    message = f"This {'is a long sentence and ' * 20}has an end."
    site.plays(exo=[caught, {"name": "Break", "ansible.builtin.fail": {"msg": message}}])
    said = site.apply("--json", "--limit", "mini1")
    assert said.code == exits.HOSTS_FAILED
    document = said.json
    failure = document["first_failure"]
    assert (failure["host"], failure["task"], failure["step"]) == ("mini1", "Break", "exo")
    assert message in failure["text"]
    assert "\x1b" not in failure["text"]
    assert document["troubles"]["mini1"]["state"] == "failed at the task Break"
    assert document["changed"]["mini1"] == ["Go on"]
    both = site.apply()
    assert both.code == exits.HOSTS_FAILED
    assert any(line.startswith("gone: unreachable: ") for line in both.lines)
    # What failed is no measure of how long it takes.
    assert not list(site.state.rglob("times.json"))


def test_a_run_that_ends_without_a_word(site):
    site.plays(exo=[{"name": "Change", "no_such_keyword": 1, **TRUE}])
    said = site.apply("--json")
    assert said.code == exits.INCOMPLETE
    assert "conflicting action statements: ansible.builtin.command, no_such_keyword" in said.err
    assert said.json["exit_code"] == exits.INCOMPLETE


def test_hosts_that_no_play_has(site):
    site.plays(exo=[{"name": "Change", **TRUE}])
    site_yml = site.root / "playbooks/site.yml"
    site_yml.write_text(site_yml.read_text().replace("hosts: all", "hosts: mini1"))
    said = site.apply("--json")
    assert said.code == exits.INCOMPLETE
    assert "no word about mini2" in said.err


def test_what_is_refused_before_it_begins(site):
    site.plays(exo=[{"name": "Change", **TRUE}])
    nobody = site.apply("--limit", "mini9")
    assert nobody.code == exits.NO_HOSTS
    assert "--limit mini9 matches no host; write some of mini1-2, or a group." in nobody.err
    slip = site.apply("--tags", "exoo")
    assert slip.code == exits.USAGE
    assert "did you mean exo" in slip.err


def _running(word: str) -> list[str]:
    listing = subprocess.run(["ps", "-axo", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listing.splitlines() if word in line]


# Durations that nothing else on this machine sleeps.
@pytest.mark.parametrize(
    ("seconds", "wait"),
    [
        pytest.param("61.375", "sleep 61.375", id="obeys"),
        pytest.param("61.625", "trap '' INT TERM; sleep 61.625; sleep 61.625", id="obeys-nobody"),
    ],
)
def test_ctrl_c(site, seconds, wait):
    """Nothing of it runs here any more, what may go on is said, and another run may begin."""
    site.plays(exo=[{"name": "Wait", "ansible.builtin.shell": wait}])
    with subprocess.Popen(
        [*site.argv, "--json"], env=site.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 240
        while not _running(seconds) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert _running(seconds)
        busy = site.apply()
        assert busy.code == exits.BUSY
        assert f"(process {process.pid})" in busy.err
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=240)
    assert process.returncode == exits.INTERRUPTED
    assert _running(seconds) == []
    assert "nothing of it runs here" in err
    assert set(json.loads(out)["may_go_on"].values()) == {"Wait"}
    site.plays(exo=[{"name": "Change", **TRUE}])
    assert site.apply().code == exits.OK


def test_a_reader_who_has_enough(site):
    """Where nobody reads on, the run ends too, instead of going on unseen."""
    site.plays(exo=[{"name": "Change", **TRUE}], firewall=[{"name": "Wait", "ansible.builtin.command": "sleep 61.875"}])
    with subprocess.Popen(
        site.argv, env=site.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        process.stdout.close()
        process.wait(200)
    assert _running("61.875") == []
