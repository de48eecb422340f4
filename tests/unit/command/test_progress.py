# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How far a run is, from the events of ansible-runner, and what is remembered of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hybrid_cluster.command import exits
from hybrid_cluster.command.apply import lock, processes, times
from hybrid_cluster.command.apply.end import describe
from hybrid_cluster.command.apply.progress import HostState, Progress
from hybrid_cluster.command.apply.screen import duration
from hybrid_cluster.command.errors import ClusterError


def progress(expected: dict[str, float] | None = None) -> Progress:
    return Progress({"mini1": HostState(), "mini2": HostState()}, ["exo", "firewall"], expected or {})


def task(name: str, role: str | None = None) -> dict[str, Any]:
    return {"event": "playbook_on_task_start", "event_data": {"task": name, "role": role}}


def result(kind: str, host: str = "mini1", name: str = "Do", text: str = "", **data: Any) -> dict[str, Any]:
    return {"event": f"runner_on_{kind}", "stdout": text, "event_data": {"host": host, "task": name, **data}}


def stats(**counts: dict[str, int]) -> dict[str, Any]:
    return {"event": "playbook_on_stats", "event_data": {"processed": {"mini1": 1, "mini2": 1}, **counts}}


def test_building_blocks_belong_to_the_step_that_calls_them():
    run = progress()
    for event in (task("Read", "exo"), task("Start", "service"), task("Wall", "hybrid_ai.cluster.firewall")):
        run.note(event)
    assert (run.step, run.task) == ("firewall", "Wall")
    run.note(task("Measure", "verify"))
    assert run.step == "report"
    run.finish()
    assert list(run.seconds) == ["preparation", "exo", "firewall", "report"]


def test_what_a_host_does():
    run = progress()
    run.note(task("Do", "exo"))
    run.note(result("start"))
    assert run.under_way == {"mini1": "Do"}
    run.note(result("ok", res={"changed": True}))
    run.note(result("skipped", "mini2"))
    assert run.under_way == {}
    assert [(host.tasks, host.changed) for host in run.hosts.values()] == [(1, 1), (1, 0)]
    assert run.changes == {"exo": 1}


def test_a_failure_that_was_rescued_is_none():
    run = progress()
    run.note(result("failed", name="Try", text="\x1b[31mfatal\x1b[0m"))
    assert run.hosts["mini1"].state == "failed"
    run.note(result("ok", name="Go on"))
    assert run.hosts["mini1"].state == "ok"
    run.note(result("failed", "mini2", "Ignored", ignore_errors=True))
    run.note(stats())
    assert run.first_failure() is None
    run.note(result("unreachable", "mini2", "Break", "gone"))
    run.note(result("failed", name="Break later", text="\x1b[31mfatal\x1b[0m"))
    run.note(stats(failures={"mini1": 1}, dark={"mini2": 1}))
    first = run.first_failure()
    assert first
    assert (first.host, first.task, first.text) == ("mini2", "Break", "gone")
    assert run.failures[-1].text == "fatal"


def test_the_bar_is_made_of_the_last_times():
    assert progress().share is None
    run = progress({"preparation": 10, "exo": 30, "firewall": 60})
    run.since -= 5
    assert run.share == pytest.approx(0.05, abs=0.01)
    run.note(task("Do", "exo"))
    # However long preparation took, it is done.
    assert run.share == pytest.approx(0.10, abs=0.01)
    run.since -= 500
    assert run.share == pytest.approx(0.40, abs=0.01)
    run.note(task("Do", "firewall"))
    run.since -= 500
    assert run.share == 0.99


LINE = {"capability": "exo", "title": "answers", "measured": "no", "expected": "yes", "ok": False}


@pytest.mark.parametrize(
    ("events", "summary", "left", "code", "says"),
    [
        pytest.param([stats()], {}, None, exits.OK, None, id="good"),
        pytest.param([], None, None, exits.INCOMPLETE, "without a word", id="no summary"),
        pytest.param([stats()], None, None, exits.INCOMPLETE, "left no summary", id="nothing written"),
        pytest.param([stats(processed={"mini1": 1})], {}, None, exits.INCOMPLETE, "about mini2", id="a host less"),
        pytest.param([stats(failures={"mini1": 1})], {}, None, exits.HOSTS_FAILED, None, id="failed"),
        pytest.param([stats(dark={"mini1": 1})], {}, None, exits.HOSTS_FAILED, None, id="unreachable"),
        pytest.param([stats()], {"reports": {"mini1": [LINE]}}, None, exits.HOSTS_FAILED, None, id="false line"),
        pytest.param([stats()], {"troubles": {"mini2": {}}}, None, exits.HOSTS_FAILED, None, id="not completed"),
        pytest.param([], None, {}, exits.INTERRUPTED, "no host was at a task", id="interrupted"),
        pytest.param([], None, {"mini1": "Do"}, exits.INTERRUPTED, "may go on: mini1: Do.", id="at a task"),
    ],
)
def test_what_it_ends_with(events, summary, left, code, says):
    run = progress()
    for event in events:
        run.note(event)
    document = describe(run, summary, list(run.hosts), left)
    assert document["exit_code"] == code
    assert document["sentence"] is None if says is None else says in document["sentence"]
    json.dumps(document)


def test_times_are_kept(tmp_path):
    assert times.load(tmp_path, "run all") == {}
    times.save(tmp_path, "run all", {"exo": 1.26, "firewall": 2})
    times.save(tmp_path, "run all", {"exo": 5})
    times.save(tmp_path, "check all", {"exo": 9})
    assert times.load(tmp_path, "run all") == {"exo": 5.0, "firewall": 2.0}
    (tmp_path / "times.json").write_text("[]")
    assert times.load(tmp_path, "run all") == {}
    times.save(tmp_path, "run all", {"exo": 5})
    assert times.load(tmp_path, "run all") == {"exo": 5.0}


def test_one_run_at_a_time(tmp_path):
    with lock.held(tmp_path):
        with pytest.raises(ClusterError, match="another run has this inventory") as busy, lock.held(tmp_path):
            pass
        assert busy.value.exit_code == exits.BUSY
    with lock.held(tmp_path):
        pass


def test_the_folder_of_an_inventory_is_its_owners(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = lock.folder(["/a"])
    assert path.stat().st_mode & 0o777 == 0o700
    assert lock.folder(["/b"]) != path == lock.folder(["/a"])


def test_duration():
    assert [duration(seconds) for seconds in (0.4, 61, 3600)] == ["0:00", "1:01", "60:00"]


def test_the_connections_that_ssh_keeps_are_ended(tmp_path, monkeypatch):
    """They are nobody's children; a script stands for ssh."""
    program, sockets, asked = tmp_path / "ssh", tmp_path / "sockets", tmp_path / "asked"
    program.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    processes.end_masters(sockets)
    assert not asked.exists()
    sockets.mkdir()
    (sockets / "0123456789").touch()
    processes.end_masters(sockets)
    assert asked.read_text() == f"-o ControlPath={sockets}/0123456789 -O exit host\n"
