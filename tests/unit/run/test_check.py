# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `make check` runs, what ansible-lint reads there, and what is said of each."""

from __future__ import annotations

import sys

import pytest

from tests.run import changes, check


@pytest.mark.parametrize(
    ("files", "read"),
    [
        pytest.param(["roles/exo/tasks/main.yml", "roles/exo/meta/main.yml"], ["roles/exo"], id="a role once"),
        pytest.param(["roles/exo/tasks/removed.yml"], ["roles/exo"], id="a file that a role had"),
        pytest.param(["roles/proxy_client/files/download_relay.py"], [], id="a program of a role"),
        pytest.param(["playbooks/web.yml", "site.yml"], ["playbooks/web.yml", "site.yml"], id="playbooks"),
        pytest.param(["playbooks/removed.yml"], [], id="a playbook that was removed"),
        pytest.param(["plugins/modules/firewall.py"], ["plugins/modules/firewall.py"], id="the examples of a module"),
        pytest.param(["plugins/module_utils/_firewall/nft.py"], [], id="shared code"),
        pytest.param(["tests/inventories/sentences/hosts.yml"], [], id="excluded"),
        pytest.param(["README.md", "lab/cli.py"], [], id="nothing of it"),
    ],
)
def test_what_ansible_lint_reads(files, read):
    assert check.lintables(files) == read


@pytest.mark.parametrize(
    ("files", "last"),
    [
        pytest.param(["roles/exo/tasks/main.yml"], "roles/exo", id="what changed"),
        pytest.param(["README.md"], None, id="nothing"),
    ],
)
def test_only_ansible_lint_is_limited_to_changes(monkeypatch, files, last):
    monkeypatch.setattr(changes, "changed_files", lambda commit: files)
    chosen, whole = (check.commands(["lint", "unit"], changed=changed) for changed in (True, False))
    limited = chosen.pop("ansible-lint", (None,))
    assert limited[-1] == last
    assert whole.pop("ansible-lint")[-1] == "--offline"
    assert chosen == whole


def test_each_runs_though_another_failed_and_the_failure_is_shown(monkeypatch, capsys):
    programs = {"bad": "print('a reason'); print('a second line'); raise SystemExit(3)", "good": "print('1\\n2')"}
    commands = {name: (sys.executable, "-c", program) for name, program in programs.items()}
    monkeypatch.setattr(check, "_SETS", {"lint": {"bad": commands["bad"]}, "unit": {"good": commands["good"]}})
    assert check.main(["lint", "unit"]) == 1
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["a", "reason"] in lines
    assert ["a", "second", "line"] in lines
    assert [(words[0], words[1], words[-1]) for words in lines if words[0] == "passed"] == [("passed", "good", "2")]
    assert check.main(["unit"]) == 0


def test_they_run_side_by_side(monkeypatch, tmp_path):
    # Each waits until the other has begun.
    meet = "touch {0}; while [ ! -e {1} ]; do sleep 0.01; done"
    one, two = tmp_path / "one", tmp_path / "two"
    commands = {"one": ("sh", "-c", meet.format(one, two)), "two": ("sh", "-c", meet.format(two, one))}
    monkeypatch.setattr(check, "_SETS", {"lint": commands, "unit": {}})
    monkeypatch.setattr(check, "_CORES", 2)
    assert check.main(["lint"]) == 0
