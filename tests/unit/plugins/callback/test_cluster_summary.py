# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible.utils.display import Display
from ansible_collections.hybrid_ai.cluster.plugins.callback.cluster_summary import UNCONFIRMED, CallbackModule

from tests import yaml_files

REPOSITORY = Path(__file__).parents[4]
REPORT = "hybrid_ai.cluster.node_report"
VALIDATION = "hybrid_ai.cluster.validate_inventory"


def outcome(name: str, host: str = "olab1", action: str = "any", **result: Any) -> Any:
    """Return what Ansible tells a callback of a task."""
    task = {"action": action, "resolved_action": None, "delegate_to": result.pop("delegate_to", None)}
    return SimpleNamespace(
        is_changed=lambda: result.get("changed", False),
        host=SimpleNamespace(get_name=lambda: host),
        task=SimpleNamespace(get_name=lambda: name, run_once=False, any_errors_fatal=False, **task),
        result=result,
    )


def line(title: str, *, ok: bool = True) -> dict[str, Any]:
    return {"capability": "exo", "title": title, "ok": ok, "measured": "1", "expected": "2", "advice": "Look."}


@pytest.fixture
def summary(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that gives a run to the callback and returns what it printed."""
    shown: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, text, *_words, **_named: shown.append(text))
    monkeypatch.setattr(Display, "banner", lambda _self, text, *_words, **_named: shown.append(text))
    monkeypatch.setattr(context, "CLIARGS", {"check": False, "verbosity": 0})

    def run(ok: Any = (), failed: Any = (), failures: Any = (), dark: Any = ()) -> list[str]:
        callback = CallbackModule()
        for each in ok:
            callback.v2_runner_on_ok(each)
        for each in failed:
            callback.v2_runner_on_failed(each)
        processed = dict.fromkeys([each.host.get_name() for each in [*ok, *failed]] + list(dark), 1)
        stats = {"processed": processed, "failures": dict.fromkeys(failures, 1), "dark": dict.fromkeys(dark, 1)}
        callback.v2_playbook_on_stats(SimpleNamespace(**stats))
        return shown

    return run


@pytest.mark.parametrize(
    ("outcomes", "lines"),
    [
        pytest.param([outcome("macos_headless : Prepare it", changed=False)], [], id="nothing-to-say"),
        pytest.param([outcome("macos_headless : Prepare it", changed=True)], ["olab1  1: Prepare it"], id="a-task"),
        pytest.param(
            [outcome("Prepare it", changed=True, changed_settings=["name", "power"]), outcome("Run it", changed=True)],
            ["olab1  2: Prepare it (name, power), Run it"],
            id="a-task-with-settings",
        ),
        pytest.param(
            [outcome("Make a key", changed=True, delegate_to="localhost")],
            ["localhost  1: Make a key", "olab1      nothing"],
            id="on-the-controller",
        ),
        pytest.param(
            [outcome("Check the inventory", action=VALIDATION, changed=True)],
            ["localhost  1: Check the inventory", "olab1      nothing"],
            id="validation",
        ),
    ],
)
def test_what_was_changed(summary: Any, outcomes: list[Any], lines: list[str]) -> None:
    assert [text for text in summary(outcomes) if not text.isupper()] == lines


def test_false_lines_are_the_last(summary: Any) -> None:
    lines = [line("it answers", ok=False), line("it runs"), line("it is alone")]
    shown = summary(
        [outcome("exo : Look", "olab2", REPORT, lines=[line("it runs"), line("it answers", ok=False)])],
        [outcome("hybrid_ai.cluster.verify : Measure", action=REPORT, lines=lines)],
        failures=["olab1"],
    )
    assert shown[shown.index("WHAT IS WRONG") :] == [
        "WHAT IS WRONG",
        "olab1: exo: it answers: 1 (expected 2). Look.",
        "olab2: exo: it answers: 1 (expected 2). Look.",
        "2 lines are false on 2 hosts.",
    ]
    assert "olab1: 2 of 3 lines are true" in shown


def test_nothing_is_wrong(summary: Any) -> None:
    assert "WHAT IS WRONG" not in summary([outcome("Measure", action=REPORT, lines=[line("it runs")])])


def test_hosts_that_were_not_completed(summary: Any) -> None:
    shown = summary(
        [outcome("Prepare it", "olab3", changed=True), outcome("Look", "olab4", REPORT, lines=[line("it", ok=False)])],
        # What was rescued is no failure in the end.
        [outcome("exo : Run it", "olab3"), outcome("Try it", "olab4")],
        failures=["olab3"],
        dark=["olab2"],
    )
    assert shown == [
        "WHAT WAS CHANGED",
        "olab2  unreachable",
        "olab3  failed at the task Run it; before that 1: Prepare it",
        "olab4  nothing",
        "WHAT WAS MEASURED",
        "olab4: 0 of 1 lines are true",
        "  FALSE exo: it: 1 (expected 2). Look.",
        "WHAT IS WRONG",
        "olab2: unreachable",
        "olab3: failed at the task Run it",
        "olab4: exo: it: 1 (expected 2). Look.",
        "1 line is false on 1 host and 2 hosts were not completed.",
    ]


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(outcome("Check the inventory", action=VALIDATION), id="mistakes-in-the-inventory"),
        pytest.param(outcome(UNCONFIRMED), id="a-removal-that-nobody-wants"),
    ],
)
def test_a_run_that_was_refused_speaks_for_itself(summary: Any, refusal: Any) -> None:
    assert summary([], [refusal], failures=["olab1"]) == []


def test_the_refusal_of_a_removal_is_a_task() -> None:
    role, _, task = UNCONFIRMED.partition(" : ")
    path = REPOSITORY / "roles" / role.rpartition(".")[2] / "tasks/confirm.yml"
    assert task in [each["name"] for each in yaml_files.load(path)]
