# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper does with a program in the router's place, and which sentences it says."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time

import pytest

GB = 1024**3
MODELS = "version = 1\n\n[a]\nmodel = /a\n\n[b]\nmodel = /b\n"
# Ends as it is told to by its standard arguments.
ENDS = "import sys; sys.exit(int(sys.argv[1]))"
REST = (
    "{what} rests after {times} in a short time: the log says why; it is tried again in 30 minutes, or when its "
    "settings change."
)
STAYS = "import time; time.sleep(60)"


class Asked:
    """A router that loads nothing."""

    def __init__(self):
        self.reloads, self.found = 0, {}

    def states(self, *, reload=False):
        self.reloads += reload
        return dict(self.found)


@pytest.fixture
def keeper(part, tmp_path, monkeypatch):
    """Return a function that makes a keeper of a program; signals are a test's own."""
    monkeypatch.setattr(part("memory"), "boot_session", lambda: "one")
    monkeypatch.setattr(part("memory"), "wired", lambda: None)
    monkeypatch.setattr(part("keeper"), "RELEASE_SECONDS", 0)
    monkeypatch.setattr(part("keeper").signal, "signal", lambda *_: None)
    (tmp_path / "etc.ini").write_text(MODELS)

    def make(*words):
        program = [sys.executable, "-c", *words]
        return part("keeper").Keeper(program, tmp_path / "etc.ini", tmp_path, Asked())

    return make


def told(tmp_path):
    return json.loads((tmp_path / "resting.json").read_text())["sentences"]


def end(keeper, name, times):
    for _ in range(times):
        keeper._ended.put(name)
    keeper.look()


@pytest.fixture
def looking(keeper, part, tmp_path):
    """Return one that has begun."""
    one = keeper(STAYS)
    one._text = MODELS
    part("models_file").show(tmp_path / "models.ini", tmp_path / "etc.ini", ())
    return one


def test_a_model_that_ended_twice_is_left_to_the_next_request(looking, tmp_path):
    end(looking, "a", 2)
    assert (tmp_path / "models.ini").is_symlink()
    assert looking._router.reloads == 0


def test_after_the_third_end_it_rests_and_others_serve_on(looking, tmp_path):
    end(looking, "a", 3)
    assert "[a]" not in (tmp_path / "models.ini").read_text()
    assert "[b]" in (tmp_path / "models.ini").read_text()
    assert looking._router.reloads >= 1
    assert told(tmp_path) == [REST.format(what="a", times="it has ended 3 times")]


def test_memory_that_nobody_gives_back_is_named(looking, part, monkeypatch, tmp_path):
    monkeypatch.setattr(part("memory").Held, "by_nobody", lambda _self: 21 * GB)
    end(looking, "a", 3)
    assert told(tmp_path) == [
        "a rests after it has ended 3 times in a short time: reboot this Mac, 21 GB are held by nobody."
    ]
    monkeypatch.setattr(part("keeper").time, "monotonic", lambda: 10.0**9)
    looking.look()
    assert "[a]" not in (tmp_path / "models.ini").read_text()


def test_what_another_model_holds_is_not_held_by_nobody(looking, part, monkeypatch, tmp_path):
    monkeypatch.setattr(part("memory").Held, "by_nobody", lambda _self: 21 * GB)
    looking._router.found = {"b": "loaded"}
    end(looking, "a", 3)
    assert "held by nobody" not in told(tmp_path)[0]


def test_other_settings_end_the_rest(looking, tmp_path):
    end(looking, "a", 3)
    (tmp_path / "etc.ini").write_text(MODELS.replace("/a", "/a2"))
    looking.look()
    assert (tmp_path / "models.ini").is_symlink()
    assert told(tmp_path) == []


def test_so_does_time(looking, part, monkeypatch, tmp_path):
    end(looking, "a", 3)
    later = time.monotonic() + part("failures").REST_SECONDS + 1
    monkeypatch.setattr(part("keeper").time, "monotonic", lambda: later)
    looking.look()
    assert (tmp_path / "models.ini").is_symlink()
    assert told(tmp_path) == []


def test_a_model_of_another_name_is_none_of_ours(looking, tmp_path):
    end(looking, "other", 5)
    assert (tmp_path / "models.ini").is_symlink()


@pytest.mark.parametrize("status", [0, 7])
def test_it_ends_like_the_router(keeper, status):
    assert keeper(ENDS, str(status)).run() == status


def test_a_server_that_ends_again_and_again_rests_until_it_is_told_to_end(keeper, part, monkeypatch, tmp_path, capsys):
    for _ in range(3):
        assert keeper(ENDS, "7").run() == 7
    fourth = keeper(ENDS, "7")
    monkeypatch.setattr(fourth, "_end", Ends(fourth, tmp_path))
    assert fourth.run() == 0
    sentence = REST.format(what="llama.cpp", times="3 starts")
    assert fourth._end.seen == [sentence]
    assert sentence in capsys.readouterr().out
    # Somebody ended it: the next start is a first one.
    assert keeper(ENDS, "7").run() == 7


class Ends:
    """An event that is set once somebody has waited for it, and what was told then."""

    def __init__(self, keeper, place):
        self.keeper, self.place, self.seen = keeper, place, []

    def is_set(self):
        return bool(self.seen)

    def wait(self, _seconds):
        self.seen = told(self.place)


def test_one_that_is_told_to_end_waits_for_a_model_that_is_loaded(keeper, part, monkeypatch, tmp_path):
    monkeypatch.setattr(part("keeper"), "LOOK_SECONDS", 0.01)
    one = keeper(STAYS)
    states = iter([{"a": "loading"}, {"a": "loading"}, {"a": "loaded"}])
    asked = []

    def answer(*, reload=False):
        asked.append(next(states))
        return asked[-1]

    one._router.states = answer
    threading.Timer(0.2, one._end.set).start()
    assert one.run() == 128 + signal.SIGTERM
    assert [found["a"] for found in asked] == ["loading", "loading", "loaded"]
    assert not (tmp_path / "starts.json").exists()
