# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""model_transfer: how long it waits, what it shows, and what it says where nothing moves."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.hybrid_ai.cluster.plugins.action import model_transfer


def folder(state="fetching", have=0, source="one", sentences=()):
    return {
        "state": state,
        "size": 1 << 30,
        "have": have,
        "fetched": have,
        "source": source,
        "sentences": list(sentences),
    }


def answer(filler=None, **folders):
    return {
        "changed": False,
        "folders": folders,
        "filler": filler,
        "sentences": [sentence for one in folders.values() for sentence in one["sentences"]],
    }


@pytest.fixture
def follow(monkeypatch):
    """Return a function that follows a program which says what is scripted, the last thing for ever."""

    def run(*answers, **arguments):
        clock, shown, script = [1000.0], [], list(answers)
        monkeypatch.setattr(model_transfer, "now", lambda: clock[0])
        monkeypatch.setattr(model_transfer, "sleep", lambda seconds: clock.__setitem__(0, clock[0] + seconds))
        monkeypatch.setattr(model_transfer, "Display", lambda: SimpleNamespace(display=shown.append))
        monkeypatch.setattr(model_transfer.ActionBase, "run", lambda *a, **k: {})

        def execute(module_args, task_vars):
            assert module_args["action"] == "look"
            said = script.pop(0) if len(script) > 1 else script[0]
            if isinstance(said, Exception):
                raise said
            return said

        action = model_transfer.ActionModule.__new__(model_transfer.ActionModule)
        action._task = SimpleNamespace(args={"patience": 60, **arguments})
        monkeypatch.setattr(action, "_execute_module", execute, raising=False)
        result = action.run(task_vars={"inventory_hostname": "two"})
        return result, shown, clock[0] - 1000.0

    return run


def test_it_ends_when_everything_is_complete(follow):
    result, shown, _ = follow(answer(), answer(m=folder()), answer(m=folder("complete")))
    assert (result.get("failed"), shown) == (None, [])


def test_it_shows_how_far_it_is_and_how_fast(follow):
    steps = [answer(m=folder(have=number << 26)) for number in range(12)]
    _, shown, seconds = follow(*steps, answer(m=folder("complete")))
    assert shown[0].startswith("[two] m: fetching from one, ")
    assert " of 1.0 GB (" in shown[0]
    assert shown[0].endswith("MB/s")
    assert len(shown) <= seconds / 10


def test_what_cannot_be_had_is_its_sentence(follow):
    result, *_ = follow(answer(m=folder("failed", sentences=["two has no room for m."]), n=folder("complete")))
    assert (result["failed"], result["msg"]) == (True, "two has no room for m.")


def test_it_waits_for_all_before_it_fails(follow):
    first = answer(m=folder("failed", sentences=["No."]), n=folder(have=5))
    result, *_ = follow(first, answer(m=folder("failed", sentences=["No."]), n=folder("complete")))
    assert result["msg"] == "No."


def test_where_nothing_moves_it_says_what_was_waited_for(follow):
    result, _, seconds = follow(answer(m=folder(have=1 << 29, sentences=["one was slow."])))
    assert result["msg"] == (
        "Nothing has moved on two for 60 seconds: m is fetching from one with 512 MB of 1.0 GB. Look at the host it "
        "comes from, and repeat the run, which goes on from there. one was slow."
    )
    assert 60 < seconds < 90


def test_a_program_that_says_nothing_is_a_sentence(follow):
    result, *_ = follow(answer())
    assert result["msg"] == "The service model-files on two says nothing: read its log, and repeat the run."
    result, *_ = follow(answer(filler="process 7 of _models, since 12:00"))
    assert "The models of two are being filled by process 7 of _models, since 12:00: wait until" in result["msg"]


def test_a_lost_connection_is_waited_for_and_then_told(follow):
    gone = AnsibleConnectionFailure("gone")
    result, shown, _ = follow(answer(m=folder()), gone, answer(m=folder("complete")))
    assert result.get("failed") is None
    assert shown == ["[two] is not reached; the program there goes on without us"]
    with pytest.raises(AnsibleConnectionFailure):
        follow(gone)


def test_a_look_waits_for_nothing(follow):
    result, _, seconds = follow(answer(m=folder()), action="look")
    assert (result["folders"]["m"]["state"], seconds) == ("fetching", 0)
