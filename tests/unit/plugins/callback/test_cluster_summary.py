# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import context
from ansible.parsing.dataloader import DataLoader
from ansible.utils.display import Display
from ansible_collections.hybrid_ai.cluster.plugins.callback.cluster_summary import UNCONFIRMED, CallbackModule

from tests import yaml_files

REPOSITORY = Path(__file__).parents[4]
REPORT = "hybrid_ai.cluster.node_report"
VALIDATION = "hybrid_ai.cluster.validate_inventory"
LOOK = "hybrid_ai.cluster.host_access"
REFUSED = (
    "Task failed: Failed to connect to the host via ssh: ssh: connect to host 10.0.0.1 port 22: Connection refused"
)
MANAGED = "names, download cache, dashboards, alerts and web pages"


def outcome(name: str, host: str = "olab1", action: str = "any", **result: Any) -> Any:
    """Return what Ansible tells a callback of a task."""
    task = {"action": action, "resolved_action": None, "delegate_to": result.pop("delegate_to", None)}
    variables = {"ansible_host": "10.0.0.1", "group_names": [result.pop("group", "macos")]}
    return SimpleNamespace(
        is_changed=lambda: result.get("changed", False),
        host=SimpleNamespace(get_name=lambda: host, get_vars=lambda: variables),
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
    monkeypatch.setattr(CallbackModule, "get_option", lambda _self, _name: None)

    def run(
        ok: Any = (),
        failed: Any = (),
        *,
        failures: Any = (),
        dark: Any = (),
        unreachable: Any = (),
        managers: Any = None,
        hosts: Any = (),
        limit: Any = None,
        playbook: str = "site.yml",
    ) -> list[str]:
        callback = CallbackModule()
        callback.v2_playbook_on_start(
            SimpleNamespace(_file_name=f"/home/me/{playbook}", get_plays=list, get_loader=DataLoader)
        )
        if managers is not None:
            group = SimpleNamespace(get_hosts=lambda: [outcome("Any", name).host for name in managers])

            def get_hosts(
                _pattern: str, *, ignore_limits: bool = False, ignore_restrictions: bool = False
            ) -> list[Any]:
                assert ignore_restrictions, "a play's own hosts say nothing of the limit"
                return [outcome("Any", name).host for name in hosts if ignore_limits or limit is None or name in limit]

            inventory = SimpleNamespace(groups={"management": group}, get_hosts=get_hosts)
            manager = SimpleNamespace(_inventory=inventory)
            callback.v2_playbook_on_play_start(SimpleNamespace(_uuid="1", get_variable_manager=lambda: manager))
        for each in ok:
            callback.v2_runner_on_ok(each)
        for each in failed:
            callback.v2_runner_on_failed(each)
        for each in unreachable:
            callback.v2_runner_on_unreachable(each)
        dark = [*dark, *(each.host.get_name() for each in unreachable)]
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
        # What was rescued is not a failure in the end.
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
        pytest.param(outcome("hybrid_ai.cluster.validate : Check it"), id="mistakes-in-the-inventory"),
        pytest.param(outcome(UNCONFIRMED), id="a-removal-that-nobody-wants"),
    ],
)
def test_a_run_that_was_refused_speaks_for_itself(summary: Any, refusal: Any) -> None:
    assert summary([], [refusal], failures=["olab1"]) == []


def test_the_refusal_of_a_removal_is_a_task() -> None:
    role, _, task = UNCONFIRMED.partition(" : ")
    path = REPOSITORY / "roles" / role.rpartition(".")[2] / "tasks/confirm.yml"
    assert task in [each["name"] for each in yaml_files.load(path)]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param({"msg": "no space\n  left"}, ": no space left", id="on-one-line"),
        pytest.param({"msg": ["one", "two"]}, ": ['one', 'two']", id="a-list"),
        pytest.param({"censored": "hidden"}, "", id="a-secret"),
        pytest.param(
            {"msg": "One or more items failed", "results": [{"msg": "fine"}, {"failed": True, "msg": "no space"}]},
            ": no space",
            id="one-of-a-loop",
        ),
    ],
)
def test_the_reason_of_a_failure_is_repeated(summary: Any, result: dict[str, Any], reason: str) -> None:
    shown = summary([], [outcome("exo : Run it", **result)], failures=["olab1"])
    assert f"olab1: failed at the task Run it{reason}" in shown
    assert "olab1  failed at the task Run it" in shown


@pytest.mark.parametrize(
    ("task", "playbook", "sentence"),
    [
        pytest.param(
            {"msg": REFUSED},
            "site.yml",
            (
                "10.0.0.1 lets nobody log in; switch Remote Login on at its screen, in System Settings under "
                "General, Sharing."
            ),
            id="a-mac",
        ),
        pytest.param(
            {"msg": REFUSED, "group": "linux", "delegate_to": "olab0"},
            "site.yml",
            "olab0: olab0 has nobody at the port of ssh; install openssh-server there, or correct ansible_port.",
            id="on-another-host",
        ),
        pytest.param(
            {"msg": "a: Permission denied (publickey)."},
            "bootstrap.yml",
            "it lets you in with no key; run this with -k, which asks for the password.",
            id="bootstrap",
        ),
        pytest.param({"msg": "Said already.", "action": LOOK}, "site.yml", "Said already.", id="explained"),
    ],
)
def test_an_unreachable_host_comes_with_what_to_do(
    summary: Any, task: dict[str, Any], playbook: str, sentence: str
) -> None:
    shown = summary(unreachable=[outcome("Look", **task)], playbook=playbook)
    assert shown == [
        "WHAT WAS CHANGED",
        "olab1  unreachable",
        "WHAT IS WRONG",
        f"olab1: unreachable: {sentence}",
        "1 host was not completed.",
    ]


def test_what_a_person_has_to_prepare_is_all_that_is_said(summary: Any) -> None:
    stopped = outcome("Look", "olab2", LOOK, msg="olab2 has to be prepared.", obstacles="No sudo.\nNo Homebrew.\n")
    shown = summary([outcome("Look")], [stopped], failures=["olab2"], unreachable=[outcome("Look", msg=REFUSED)])
    assert shown == [
        "WHAT IS WRONG",
        (
            "olab1: unreachable: 10.0.0.1 lets nobody log in; switch Remote Login on at its screen, in System "
            "Settings under "
            "General, Sharing."
        ),
        "olab2: No sudo.",
        "olab2: No Homebrew.",
        "2 hosts were not completed.",
        "No host was changed; run this again when that is done.",
    ]


def test_a_management_node_that_is_off_is_missed(summary: Any) -> None:
    shown = summary(unreachable=[outcome("Look", msg=REFUSED)], managers=["olab1"])
    assert shown[-1] == f"Without olab1, {MANAGED} were left as they are; run this again when it can be reached."
    shown.clear()
    assert not summary(unreachable=[outcome("Look", msg=REFUSED)], managers=["olab2"])[-1].startswith("Without")


@pytest.mark.parametrize(("managers", "said"), [([], True), (["olab1"], False)])
def test_an_inventory_without_a_management_node_says_what_is_absent(summary: Any, managers: Any, said: bool) -> None:
    shown = summary([outcome("Measure", action=REPORT, lines=[line("it runs")])], managers=managers)
    assert (f"No host is in the group management, so there are no {MANAGED}." in shown) is said


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (None, None),
        (["olab1", "olab2", "localhost"], None),
        (["olab2"], "Not looked at, because --limit leaves gpu1 and olab1 out."),
    ],
)
def test_who_was_not_looked_at_is_named(summary: Any, limit: Any, said: str | None) -> None:
    hosts = ["olab1", "olab2", "localhost", *(["gpu1"] if said else [])]
    measured = [outcome("Measure", "olab2", action=REPORT, lines=[line("it runs")])]
    shown = summary(measured, managers=[], hosts=hosts, limit=limit)
    assert [text for text in shown if text.startswith("Not looked at")] == ([said] if said else [])


MODEL = {
    "name": "qwen",
    "names": ["qwen"],
    "source": {},
    "format": "gguf",
    "backend": "llama_cpp",
    "hosts": ["gpu1"],
    "memory_gigabytes": None,
    "state": "present",
    "nodes": 1,
    "why": "hosts names no other",
}


@pytest.mark.parametrize(
    ("tags", "measured", "state"),
    [
        pytest.param(None, True, "answers", id="all"),
        pytest.param(["some_backend"], True, "answers", id="what-measures-it"),
        pytest.param(None, False, "not asked", id="all-of-its-hosts-missing"),
        pytest.param(["verify"], False, "not asked", id="verify"),
        pytest.param(["llama_cpp"], False, "not asked", id="its-backend"),
        pytest.param(["dns"], False, None, id="something-else"),
    ],
)
def test_the_table_of_models(
    summary: Any, monkeypatch: pytest.MonkeyPatch, tags: Any, state: str | None, *, measured: bool
) -> None:
    monkeypatch.setattr(context, "CLIARGS", {"check": False, "verbosity": 0, "tags": tags})
    about = {**line("it answers"), "check": "model_answers", "model": "qwen", "values": {}}
    text = summary(
        [
            outcome("Select", "gpu1", "ansible.builtin.set_fact", ansible_facts={"__verify_models": [MODEL]}),
            outcome("Measure", "gpu1", REPORT, lines=[about] if measured else [line("it runs")]),
        ]
    )
    if state is None:
        assert "MODELS" not in text
        return
    head, row, why = text[text.index("MODELS") + 1 :]
    assert head.split() == ["model", "backend", "hosts", "format", "revision", "on", "disk", "memory", "state"]
    assert row == f"qwen   llama_cpp  gpu1   gguf    -         -        -       {state}"
    assert why == "  1 host: hosts names no other"


def test_no_models_no_table(summary: Any) -> None:
    text = summary(
        [
            outcome("Select", "gpu1", "ansible.builtin.set_fact", ansible_facts={"__verify_models": []}),
            outcome("Measure", "gpu1", REPORT, lines=[line("it runs")]),
        ]
    )
    assert "MODELS" not in text


CLUSTER = {
    "members": [{"name": "olab1", "address": "10.0.0.1"}],
    "edges": [],
    "models": ["org/tiny"],
    "instances": [],
}
READY = {"name": "qwen", "state": "ready", "nodes": ["olab1", "olab2"]}


def exo_section(shown: list[str]) -> list[str]:
    return shown[shown.index("EXO CLUSTER") + 1 :]


def measured_cluster(**more: Any) -> Any:
    return outcome("Wait", action="hybrid_ai.cluster.exo_cluster_info", changed=True, **{**CLUSTER, **more})


@pytest.mark.parametrize(
    ("placement", "expected"),
    [
        ({"models": [READY], "others": []}, "running: qwen on olab1, olab2"),
        (
            {"models": [READY], "others": [{"model": "org/mine", "nodes": ["olab3"]}]},
            "running: qwen on olab1, olab2; not in the table: org/mine on olab3",
        ),
        ({"models": [], "others": []}, "running: none"),
        # Looked at once, without waiting.
        ({"models": [{"name": "qwen", "state": "loading", "nodes": ["olab1"]}]}, "running: none"),
    ],
)
def test_exo_is_shown_as_it_serves_once_its_models_are_placed(
    summary: Any, placement: dict[str, Any], expected: str
) -> None:
    placed = outcome("Wait", action="hybrid_ai.cluster.exo_placement_info", **placement)

    assert exo_section(summary([measured_cluster(), placed])) == ["olab1  10.0.0.1  sees nobody", expected]


def test_a_member_that_is_silent_sees_nobody_and_is_told_so(summary: Any) -> None:
    assert exo_section(summary([measured_cluster(silent=["olab1"])]))[0] == "olab1  10.0.0.1  does not answer"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "models on disk: org/tiny; running: none"),
        (
            {"instances": [{"model": "org/tiny", "nodes": ["olab1"]}]},
            "models on disk: org/tiny; running: org/tiny on olab1",
        ),
        ({"models": []}, "models on disk: none; running: none"),
    ],
)
def test_without_that_the_time_of_the_look_is_said(summary: Any, more: dict[str, Any], expected: str) -> None:
    shown = exo_section(summary([measured_cluster(**more)]))

    assert shown[-1] == f"When the nodes had found each other, {expected}"


def test_models_that_exo_did_not_take_leave_the_look_before_them(summary: Any) -> None:
    failed = outcome("Wait", action="hybrid_ai.cluster.exo_placement_info", msg="qwen cannot answer.")

    shown = exo_section(summary([measured_cluster()], [failed], failures=["olab1"]))

    assert shown[1].startswith("When the nodes had found each other, ")
