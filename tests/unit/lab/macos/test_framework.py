# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The store, the profile and the way a program is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from lab.macos.simulator.profile import Profile
from lab.macos.simulator.spawn import run
from lab.macos.simulator.state import State, parse_json

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_area_is_a_copy_of_its_default(tmp_path: Path) -> None:
    default = {"list": []}
    State(str(tmp_path)).read("x", default)["list"].append(1)
    assert default == {"list": []}


def test_an_edit_is_stored(tmp_path: Path) -> None:
    state = State(str(tmp_path))
    with state.edit("x", {"n": 1}) as data:
        data["n"] += 1
    assert state.read("x") == {"n": 2}


def test_an_edit_that_fails_changes_nothing(tmp_path: Path) -> None:
    state = State(str(tmp_path))
    with state.edit("x") as data:
        data["n"] = 1

    def fail() -> None:
        with state.edit("x") as data:
            data["n"] = 2
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert state.read("x") == {"n": 1}
    assert json.loads((tmp_path / "private/var/db/simulator/state/x.json").read_text()) == {"n": 1}


@pytest.mark.parametrize("text", ['{"a": [1, 2.5, true, null, "\\u00e9"], "b": {}}', "[]", " {}\n"])
def test_parse_json(text: str) -> None:
    assert parse_json(text) == json.loads(text)


@pytest.mark.parametrize("text", ["", "{", "{} x", '{"a" 1}'])
def test_parse_json_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_json(text)


@pytest.mark.parametrize(
    ("release", "asked", "answer"),
    [
        pytest.param("15.7", "26", False, id="older"),
        pytest.param("26.5", "26.5", True, id="equal"),
        pytest.param("26.5", "26.5.3", False, id="patch-below"),
        pytest.param("27.0", "26.5", True, id="newer"),
    ],
)
def test_at_least(mac, release: str, asked: str, answer: bool) -> None:
    mac.host(release=release)
    assert Profile(mac.state).at_least(asked) is answer


@pytest.mark.parametrize(
    ("model", "chip", "cores", "speed"),
    [pytest.param("Mac16,10", "Apple M4", 10, 40), pytest.param("Mac16,11", "Apple M4 Pro", 12, 120)],
)
def test_models(mac, model: str, chip: str, cores: int, speed: int) -> None:
    mac.host(model=model)
    profile = Profile(mac.state)
    assert (profile.chip, profile.cores, profile.thunderbolt_speed) == (chip, cores, speed)


@pytest.mark.parametrize(
    ("argv", "stdin", "expected"),
    [
        pytest.param(["/bin/cat"], "text", (0, "text", ""), id="stdin"),
        pytest.param(["/bin/cat"], "", (0, "", ""), id="closed"),
        pytest.param(["/bin/sh", "-c", "echo a; echo b >&2; exit 3"], "", (3, "a\n", "b\n"), id="streams"),
        pytest.param(["/bin/cat"], "x" * 300_000, (0, "x" * 300_000, ""), id="more than a pipe holds"),
        pytest.param(["/bin/true"], "x" * 300_000, (0, "", ""), id="does not read"),
        pytest.param(["/nonexistent"], "", (127, "", "/nonexistent: No such file or directory"), id="missing"),
    ],
)
def test_run(argv: list[str], stdin: str, expected: tuple[int, str, str]) -> None:
    done = run(argv, stdin)
    assert (done.returncode, done.stdout, done.stderr) == expected


def test_unknown_program(mac) -> None:
    assert mac.run("nosuch").rc == 127
