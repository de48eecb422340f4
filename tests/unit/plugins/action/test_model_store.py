# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Following the program that fetches: what is shown, when it has ended, and when it does nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.hybrid_ai.cluster.plugins.action import model_store

from tests.unit.plugins.harness import Clock

JOB = "abc.1"
MEGABYTE = 1 << 20


def answer(job=JOB, state="running", holder="process 7 of _models", done=0, total=400 * MEGABYTE, **progress):
    found = {"job": job, "state": state, "folder": "org--m", "note": "", "done": done, "total": total, "received": done}
    return {"changed": False, "job": JOB, "holder": holder, "progress": {**found, "sentences": [], **progress}}


@pytest.fixture
def wait(monkeypatch):
    """Let the module answer these things, one after the other, and return the result and what was shown."""
    clock = Clock()
    monkeypatch.setattr(model_store, "now", clock.now)
    monkeypatch.setattr(model_store, "sleep", clock.sleep)
    shown = []
    monkeypatch.setattr(model_store.ActionModule, "_show", staticmethod(lambda host, line: shown.append(line)))

    def run(*answers):
        action = object.__new__(model_store.ActionModule)
        action._task = SimpleNamespace(args={"action": "wait"}, async_val=0, check_mode=False)
        left = list(answers)

        def execute(**named):
            assert named["module_args"]["action"] == "state"
            found = left.pop(0) if len(left) > 1 else left[0]
            if isinstance(found, Exception):
                raise found
            return found

        action._execute_module = execute
        result = action._wait({"action": "state"}, {"inventory_hostname": "gpu1"})
        return result, shown, clock

    return run


def test_progress_is_shown_until_the_end(wait):
    result, shown, _ = wait(
        answer(total=0),
        answer(),
        answer(done=100 * MEGABYTE),
        answer(done=100 * MEGABYTE),
        answer(note="org/m: answered 503; next try in 4 s"),
        answer(state="done", done=400 * MEGABYTE),
    )
    assert not result.get("failed")
    assert shown == [
        "org--m: looking",
        "org--m: 0 bytes of 400 MB (0 %)",
        "org--m: 100 MB of 400 MB (25 %), 67 MB/s, 4 s left",
        "org--m: 100 MB of 400 MB (25 %)",
        "org/m: answered 503; next try in 4 s",
    ]


def test_a_failure_says_why(wait):
    result, _, _ = wait(answer(), answer(state="failed", sentences=["One.", "Two."]))
    assert (result["failed"], result["msg"]) == (True, "One. Two.")


def test_there_is_nothing_to_wait_for(wait):
    result, shown, _ = wait({**answer(), "job": ""})
    assert not result.get("failed")
    assert shown == []


def test_the_end_of_an_earlier_job_is_not_the_end(wait):
    result, _, _ = wait(answer(job="abc.0", state="failed", sentences=["Old."], holder=None), answer(state="done"))
    assert not result.get("failed")


def test_a_program_that_does_not_start(wait):
    result, _, clock = wait(answer(job="", state="", holder=None))
    assert result["msg"].startswith("The service model-store does not run and has not ended its work: read its log")
    assert 60 < clock.time - 1000 < 80


def test_a_program_that_was_killed(wait):
    result, _, clock = wait(answer(), answer(holder=None))
    assert result["msg"].startswith("The service model-store does not run")
    assert 10 < clock.time - 1000 < 30


def test_somebody_else_fills_the_directory(wait):
    result, _, _ = wait(answer(job="other.1", holder="process 9 of root"))
    assert result["msg"].startswith("The directory of models is being filled by process 9 of root: wait until")


def test_a_host_that_restarts_is_waited_for(wait):
    lost = AnsibleConnectionFailure("no route")
    result, shown, _ = wait(answer(), lost, lost, answer(done=400 * MEGABYTE), answer(state="done"))
    assert not result.get("failed")
    assert "is not reached; the program there goes on without us" in shown


def test_a_host_that_stays_away_is_not(wait):
    with pytest.raises(AnsibleConnectionFailure):
        wait(answer(), AnsibleConnectionFailure("no route"))


def test_a_module_that_fails_is_the_end(wait):
    result, _, _ = wait({"failed": True, "msg": "no"})
    assert result == {"failed": True, "msg": "no"}


@pytest.mark.parametrize(("seconds", "said"), [(4.4, "4 s"), (61, "1 min"), (3600, "1 h 0 min"), (9000, "2 h 30 min")])
def test_durations(seconds, said):
    assert model_store._duration(seconds) == said
