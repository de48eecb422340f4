# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which stages one landing runs, in which order they may start, and what is said of them."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.run import __main__ as command
from tests.run import changes, junit, kept, lanes, summary, turn
from tests.run.lanes import Lanes, Result
from tests.run.stages import BUDGET_MINUTES, ROOT, Stage, all_stages, scenarios, select

if TYPE_CHECKING:
    from pathlib import Path

NOT_OF_THE_LAB = {"unit", "run", "benchmarks", "inventories", "macos-runner"}


def names(stages: list[Stage]) -> set[str]:
    return {stage.name for stage in stages}


def sh(name: str, script: str, *after: str, waits: bool = False, beside: bool = False) -> Stage:
    return Stage(name, ("sh", "-c", script), after, waits=waits, beside=beside)


@pytest.mark.parametrize("changed", [set(), set(scenarios())], ids=["nothing changed", "every role changed"])
def test_every_stage_runs_in_any_three_landings(changed):
    waited: dict[str, int] = {}
    runs = []
    for _ in range(9):
        stages, left = select(all_stages(everything=False), changed, waited, summary.minutes())
        assert names(stages).isdisjoint(left)
        runs.append(names(stages))
        waited = {name: waited.get(name, 0) + 1 for name in left}
    for first in range(7):
        assert set.union(*runs[first : first + 3]) == names(all_stages(everything=False))
    assert all(len(one) < len(set.union(*runs)) for one in runs)


STAGES = [sh("core", "true"), *(replace(sh(name, "true"), by_turns=True) for name in ("one", "two", "three", "four"))]
TAKES = dict.fromkeys(("one", "two", "three", "four"), BUDGET_MINUTES / 2)


@pytest.mark.parametrize(
    ("changed", "left", "run"),
    [
        pytest.param((), {}, {"one", "two"}, id="those that come first"),
        pytest.param(("four",), {}, {"four", "one"}, id="what changed before the rest"),
        pytest.param(("four",), {"two": 1, "three": 1}, {"four", "two"}, id="what has waited before what has not"),
        pytest.param(("four",), {"two": 2, "three": 2}, {"two", "three"}, id="what is due before what changed"),
        pytest.param((), {"one": 2, "two": 2, "four": 3}, {"one", "two", "four"}, id="what is due whatever it takes"),
    ],
)
def test_what_one_landing_runs(changed, left, run):
    stages, rest = select(STAGES, changed, left, TAKES)
    assert names(stages) == {"core"} | run
    assert set(rest) == {"one", "two", "three", "four"} - run


def test_a_stage_that_is_too_long_leaves_room_for_a_shorter_one():
    stages, _ = select(STAGES, (), {}, TAKES | {"two": BUDGET_MINUTES})
    assert names(stages) == {"core", "one", "three"}


def test_a_landing_counts_what_it_left_out():
    content = yaml.safe_load(turn.text("abc", {"exo": 1, "squid": 2}, ["exo", "cache"]))
    assert content == {"landed": "abc", "left": {"cache": 1, "exo": 2}}
    assert yaml.safe_load(turn.text("abc", {"exo": 1}, []))["left"] == {}


def test_no_test_is_in_no_stage():
    commands = " ".join(word for stage in all_stages(everything=True) for word in stage.command)
    places = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    for place in sorted(place for place in places if place.relative_to(ROOT / "tests").parts[0] not in NOT_OF_THE_LAB):
        for file in place.glob("test_*.py"):
            covered = [str(part.relative_to(ROOT)) for part in (file, *file.parents) if ROOT in part.parents]
            assert any(part in commands.split() for part in covered), f"{file} runs in no stage of tests/run/stages.py"


def test_the_whole_matrix_has_what_make_test_has_and_more():
    more = names(all_stages(everything=True)) - names(all_stages(everything=False))
    assert more == {
        "ansible_test",
        "benchmarks",
        "contract_mlx_lm",
        "core_newest",
        "core_oldest",
        "documentation",
        "eight_macs",
        "faults",
        "importer",
        "models_on_exo",
        "python39",
        "ptx",
    }
    less = names(all_stages(everything=False)) - names(all_stages(everything=True))
    # The whole matrix has more of them, in one stage.
    assert less == {"faults_1", "faults_2", "faults_3"}
    assert [stage.name for stage in all_stages(everything=True) if stage.alone] == ["benchmarks"]


def test_what_a_stage_waits_for_exists():
    known = names(all_stages(everything=True))
    assert {name for stage in all_stages(everything=True) for name in stage.after} <= known


@pytest.mark.parametrize(
    ("file", "concerned", "others"),
    [
        pytest.param("roles/exo/tasks/present.yml", {"exo"}, {"squid", "grafana"}, id="a role"),
        pytest.param("roles/program/tasks/main.yml", {"grafana", "prometheus"}, {"thunderbolt"}, id="a block"),
        pytest.param("plugins/modules/firewall.py", {"firewall"}, {"grafana"}, id="a module named like its role"),
        pytest.param(
            "plugins/module_utils/_firewall/nft.py", {"firewall"}, {"grafana", "exo"}, id="what a module imports"
        ),
        pytest.param("plugins/module_utils/_macos/power.py", {"macos_headless"}, {"grafana"}, id="listed in brackets"),
        pytest.param("lab/macos/layer.py", {"exo", "thunderbolt"}, {"grafana"}, id="the simulator"),
        pytest.param("lab/standins/adguard_home/archive.py", {"adguard_home"}, {"exo"}, id="a stand-in"),
        pytest.param("ansible.cfg", set(scenarios()), set(), id="everything"),
        pytest.param("README.md", set(), set(scenarios()), id="nothing"),
        pytest.param("roles/exo/README.md", set(), set(scenarios()), id="a page about a role"),
    ],
)
def test_scenarios_that_a_change_concerns(file, concerned, others):
    found = changes.concerned(scenarios(), [file])
    assert concerned <= found
    assert found.isdisjoint(others)


@pytest.mark.parametrize(
    ("file", "touched"),
    [
        pytest.param("roles/prometheus/templates/alerts.yml.j2", {"monitoring"}, id="what a stage is about"),
        pytest.param("tests/site/test_nvidia.py", {"gpus"}, id="the tests of a stage"),
        pytest.param("roles/bootstrap/tasks/main.yml", {"first_contact"}, id="a role"),
        pytest.param("README.md", set(), id="nothing"),
    ],
)
def test_stages_that_a_change_touches(file, touched):
    assert changes.touched(all_stages(everything=False), [file]) == touched


def test_what_a_stage_is_about_exists():
    for stage in all_stages(everything=True):
        for begin in stage.about:
            assert list(ROOT.glob(f"{begin}*")), f"{stage.name}: {begin}"


def test_an_unknown_commit_counts_everything_as_changed():
    assert "README.md" in changes.changed_files("0" * 40)


@pytest.fixture
def run_stages(monkeypatch, tmp_path):
    """Run stages and return how each ended."""
    monkeypatch.setattr(lanes, "RESULTS", tmp_path)
    monkeypatch.setattr(lanes, "ROOT", tmp_path)
    monkeypatch.setattr(lanes.states, "lab", lambda *given, **named: None)
    return lambda *stages: {result.name: result for result in Lanes(stages).run()}


def test_a_failure_stops_only_what_needs_it(run_stages, capfd):
    results = run_stages(
        sh("bad", "echo a reason; exit 3"), sh("needs", "true", "bad"), sh("last", "true", "needs"), sh("good", "true")
    )
    assert {name: result.outcome for name, result in results.items()} == {
        "bad": "failed", "needs": "not run", "last": "not run", "good": "passed",
    }  # fmt: skip
    assert (results["good"].passed, results["bad"].failed) == (1, 1)
    assert "a reason" in capfd.readouterr().out


def test_stages_run_side_by_side_in_labs_of_their_own(run_stages):
    # Each waits until the others have begun.
    meet = "touch {0}; until [ -e a ] && [ -e b ] && [ -e c ] && [ -e d ]; do sleep 0.01; done; mkdir lab-$LAB_NAME"
    results = run_stages(
        sh("one", meet.format("a")),
        sh("two", meet.format("b")),
        sh("three", meet.format("c"), waits=True),
        sh("four", meet.format("d"), beside=True),
    )
    assert [result.outcome for result in results.values()] == ["passed"] * 4


@pytest.mark.parametrize("kind", [{"waits": True}, {"beside": True}], ids=["waits", "beside"])
def test_what_has_a_lane_of_its_own_takes_none_from_the_rest(run_stages, tmp_path, kind):
    script = "mkdir running || exit 1; sleep 0.1; rmdir running"
    results = run_stages(sh("one", script, **kind), sh("two", script, **kind), sh("rest", "true", "one"))
    assert [result.outcome for result in results.values()] == ["passed"] * 3


def test_what_needs_no_lab_gives_way_and_what_others_wait_for_goes_first(run_stages, tmp_path):
    scripts = {name: f"nice > {name}" for name in ("lab", "first", "computes")}
    run_stages(
        sh("lab", scripts["lab"], "first"),
        sh("first", scripts["first"]),
        sh("computes", scripts["computes"], beside=True),
    )
    lab, first, computes = (int((tmp_path / name).read_text()) for name in scripts)
    assert computes == min(lab + 10, 19)
    # Only root may.
    assert first == (max(lab - 5, -20) if os.geteuid() == 0 else lab)


def test_no_stage_without_a_lab_needs_one():
    for stage in all_stages(everything=True):
        assert not (stage.beside and (stage.waits or stage.after)), stage.name


@pytest.mark.parametrize("alone", [(True, False), (False, True), (True, True)], ids=["first", "second", "both"])
def test_nothing_runs_beside_a_stage_that_runs_alone(run_stages, monkeypatch, tmp_path, alone):
    class Watched(threading.Condition):
        """Leaves a file when a lane waits."""

        def wait(self, timeout=None):
            (tmp_path / "waits").touch()
            return super().wait(timeout)

    monkeypatch.setattr(lanes.threading, "Condition", Watched)
    first = "until [ -e waits ] || [ -e second ]; do sleep 0.01; done; test ! -e second"
    one = Stage("one", ("sh", "-c", first), alone=alone[0])
    results = run_stages(one, Stage("two", ("touch", "second"), alone=alone[1]))
    assert [result.outcome for result in results.values()] == ["passed", "passed"]


def test_a_stage_waits_for_what_it_needs(run_stages):
    results = run_stages(sh("second", "test -e made", "first"), sh("first", "sleep 0.2; touch made"))
    assert results["second"].outcome == "passed"


def test_results_of_pytest_are_counted(tmp_path: Path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite tests="7" failures="1" errors="1" skipped="2"/>'
        '<testsuite tests="2" failures="0" errors="0" skipped="0"/></testsuites>'
    )
    assert junit.read(report) == (5, 2)


def test_the_table_names_the_slowest_first_and_what_was_left():
    text = command.report(
        [Result("quick", "passed", 6, 3, 4, 0), Result("slow", "failed", 600, 90, 1, 2)], ["exo"], 620
    )
    lines = text.strip().splitlines()
    assert lines[1].split() == ["slow", "10.0", "90", "1", "2", "FAILED"]
    assert "left for the next landings: exo" in lines
    assert lines[-1] == "5 passed, 2 failed"


def test_the_page_of_proofs_keeps_the_last_table(tmp_path):
    page = tmp_path / "proof.md"
    page.write_text(f"# Before\n{summary.BEGIN}what was there\n{summary.END}After.\n")
    for minutes in ("9.0", "10.0"):
        slow = Result("slow", "passed", float(minutes) * 60, 90, 1, 0, "abc1234")
        results = [Result("quick", "passed", 6, 3, 4, 0, "abc1233"), slow]
        summary.note(results, 620, page)
        lines = page.read_text().splitlines()
        assert lines[:-4] == [
            "# Before", summary.BEGIN.strip(), "",
            "| stage | minutes | cpu seconds | passed | failed | outcome | commit |",
            "| --- | ---: | ---: | ---: | ---: | --- | --- |",
            f"| slow | {minutes} | 90 | 1 | 0 | passed | abc1234 |",
            "| quick | 0.1 | 3 | 4 | 0 | passed | abc1233 |", "",
        ]  # fmt: skip
        assert lines[-4].endswith(": 10.3 minutes; 5 passed and 0 failed; every stage has passed.")
        assert lines[-3:] == ["", summary.END.strip(), "After."]


def test_a_stage_that_has_not_run_keeps_its_row(tmp_path):
    page = tmp_path / "proof.md"
    page.write_text(f"{summary.BEGIN}{summary.END}")
    first = [Result("one", "passed", 60, 3, 4, 0, "aaaaaaa"), Result("two", "failed", 120, 3, 1, 1, "aaaaaaa")]
    summary.note(first, 620, page)
    summary.note([Result("one"), Result("two", "passed", 30, 2, 2, 0, "bbbbbbb"), Result("three")], 30, page)
    lines = page.read_text().splitlines()
    assert lines[4:7] == [
        "| one | 1.0 | 3 | 4 | 0 | passed | aaaaaaa |",
        "| two | 0.5 | 2 | 2 | 0 | passed | bbbbbbb |",
        "| three | 0.0 | 0 | 0 | 0 | not run |  |",
    ]
    assert lines[8].endswith("6 passed and 0 failed; 1 of 3 stages have not passed.")
    assert summary.minutes(page) == {"one": 1.0, "two": 0.5}


def test_the_page_of_proofs_has_its_marks():
    text = summary.PROOF.read_text()
    assert text.count(summary.BEGIN) == text.count(summary.END) == 1
    assert text.index(summary.BEGIN) < text.index(summary.END)


@pytest.fixture
def run_command(monkeypatch, tmp_path):
    """Run stages that pass but for the named ones; return which ran, and which the page then says have not passed."""

    def call(*arguments: str, failing: tuple[str, ...] = ()) -> tuple[list[str], list[str] | None]:
        ran, noted = [], []

        def run(stages, ended):
            ran.extend(stage.name for stage in stages)
            results = [Result(name, "failed" if name in failing else "passed") for name in ran]
            for result in results:
                ended(result)
            return results

        monkeypatch.setattr(sys, "argv", ["run", *arguments])
        monkeypatch.setattr(command, "Lanes", lambda stages, ended: SimpleNamespace(run=lambda: run(stages, ended)))
        monkeypatch.setattr(command, "note", lambda results, seconds: noted.append(results))
        assert command.main() == (1 if set(failing) & set(ran) else 0)
        missing = [[result.name for result in results if result.outcome != "passed"] for results in noted]
        return ran, missing[0] if missing else None

    monkeypatch.setattr(command, "RESULTS", tmp_path)
    monkeypatch.setattr(command, "Kept", partial(kept.Kept, directory=tmp_path))
    monkeypatch.setattr(command.states, "lab", lambda *given, **named: SimpleNamespace(returncode=0, stdout=""))
    return call


ALL = [stage.name for stage in all_stages(everything=True)]


def test_a_whole_run_is_noted_and_that_of_one_landing_is_not(run_command):
    assert run_command("--all") == (ALL, [])
    assert run_command()[1] is None


def test_what_failed_runs_again_and_completes_the_whole_run(run_command):
    assert run_command("--all", failing=("cache", "loop")) == (ALL, ["cache", "loop"])
    assert run_command("--all", "--again", failing=("loop",)) == (["cache", "loop"], ["loop"])
    assert run_command("--all", "--again") == (["loop"], [])


def test_a_run_from_a_stage_on_completes_what_passed_before(run_command):
    rest = ALL[ALL.index("loop") :]
    assert run_command("--all", "--from", "loop") == (rest, ALL[: ALL.index("loop")])
    assert run_command("--all", failing=("loop",)) == (ALL, ["loop"])
    assert run_command("--all", "--from", "loop") == (rest, [])


def test_an_unknown_stage_is_a_sentence():
    with pytest.raises(SystemExit, match="There is no stage soon; there are: managed, story, "):
        command.starting_at(all_stages(everything=False), "soon")


def test_the_stages_before_are_left_out():
    assert command.starting_at(all_stages(everything=False), "cache")[0].name == "cache"
