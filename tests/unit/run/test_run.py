# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which stages one landing runs, in which order they may start, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.run import __main__ as command
from tests.run import changes, junit, lanes
from tests.run.lanes import Lanes, Result
from tests.run.stages import ROOT, THIRDS, Stage, all_stages, scenarios, select

if TYPE_CHECKING:
    from pathlib import Path

NOT_OF_THE_LAB = {"unit", "run", "benchmarks", "inventories", "macos-runner"}


def names(stages: list[Stage]) -> set[str]:
    return {stage.name for stage in stages}


def test_every_scenario_runs_in_three_landings():
    run = [names(select(all_stages(everything=False), set(), turn)[0]) for turn in range(THIRDS)]
    assert set.union(*run) == names(all_stages(everything=True))
    assert all(len(one) < len(set.union(*run)) for one in run)


def test_what_changed_runs_whatever_the_turn():
    for turn in range(THIRDS):
        stages, left = select(all_stages(everything=False), {"exo", "squid"}, turn)
        assert {"exo", "squid", "story", "site_on_macos"} <= names(stages)
        assert names(stages).isdisjoint(left)


def test_no_test_is_in_no_stage():
    commands = " ".join(word for stage in all_stages(everything=True) for word in stage.command)
    places = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    for place in sorted(place for place in places if place.relative_to(ROOT / "tests").parts[0] not in NOT_OF_THE_LAB):
        for file in place.glob("test_*.py"):
            covered = [str(part.relative_to(ROOT)) for part in (file, *file.parents) if ROOT in part.parents]
            assert any(part in commands.split() for part in covered), f"{file} runs in no stage of tests/run/stages.py"


def test_what_a_stage_waits_for_exists():
    known = names(all_stages(everything=True))
    assert {name for stage in all_stages(everything=True) for name in stage.after} <= known


@pytest.mark.parametrize(
    ("file", "concerned", "others"),
    [
        pytest.param("roles/exo/tasks/present.yml", {"exo"}, {"squid", "grafana"}, id="a role"),
        pytest.param("roles/program/tasks/main.yml", {"grafana", "prometheus"}, {"thunderbolt"}, id="a block"),
        pytest.param("plugins/modules/firewall.py", {"firewall"}, {"grafana"}, id="a module named like its role"),
        pytest.param("plugins/module_utils/_nft.py", {"firewall"}, {"grafana", "exo"}, id="what a module imports"),
        pytest.param("plugins/module_utils/_pmset.py", {"macos_headless"}, {"grafana"}, id="listed in brackets"),
        pytest.param("lab/macos/layer.py", {"exo", "thunderbolt"}, {"grafana"}, id="the simulator"),
        pytest.param("lab/adguard_home/archive.py", {"adguard_home"}, {"exo"}, id="a stand-in"),
        pytest.param("ansible.cfg", set(scenarios()), set(), id="everything"),
        pytest.param("README.md", set(), set(scenarios()), id="nothing"),
    ],
)
def test_scenarios_that_a_change_concerns(file, concerned, others):
    found = changes.concerned(scenarios(), [file])
    assert concerned <= found
    assert found.isdisjoint(others)


def test_an_unknown_commit_counts_everything_as_changed():
    assert "README.md" in changes.changed_files("0" * 40)


@pytest.fixture
def run_stages(monkeypatch, tmp_path):
    """Run stages and return how each ended."""
    monkeypatch.setattr(lanes, "RESULTS", tmp_path)
    monkeypatch.setattr(lanes, "ROOT", tmp_path)
    return lambda *stages: {result.name: result for result in Lanes(stages).run()}


def sh(name: str, script: str, *after: str) -> Stage:
    return Stage(name, ("sh", "-c", script), after)


def test_a_failure_stops_only_what_needs_it(run_stages, capfd):
    results = run_stages(
        sh("bad", "echo a reason; exit 3"), sh("needs", "true", "bad"), sh("last", "true", "needs"), sh("good", "true")
    )
    assert {name: result.outcome for name, result in results.items()} == {
        "bad": "failed", "needs": "not run", "last": "not run", "good": "passed",
    }  # fmt: skip
    assert (results["good"].passed, results["bad"].failed) == (1, 1)
    assert "a reason" in capfd.readouterr().out


def test_stages_run_side_by_side_in_two_labs(run_stages):
    # Each waits until the other has begun.
    meet = "touch {0}; while [ ! -e {1} ]; do sleep 0.01; done; test -n $LAB_NAME && mkdir lab-$LAB_NAME"
    results = run_stages(sh("one", meet.format("a", "b")), sh("two", meet.format("b", "a")))
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


def test_an_unknown_stage_is_a_sentence():
    with pytest.raises(SystemExit, match="There is no stage soon; there are: managed, check, "):
        command.starting_at(all_stages(everything=False), "soon")


def test_the_stages_before_are_left_out():
    assert command.starting_at(all_stages(everything=False), "cache")[0].name == "cache"
