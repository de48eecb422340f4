# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The end of a run names the hosts that it did not complete, and books every change where it was made."""

from __future__ import annotations

import pytest
import yaml

LOCAL = {"ansible_connection": "local"}
NOBODY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
TRUE = {"ansible.builtin.command": "true"}
FALSE = {"ansible.builtin.command": "false"}


def one(name, hosts, *tasks):
    return {"name": name, "hosts": hosts, "gather_facts": False, "tasks": list(tasks)}


PLAYS = {
    "ended-between-plays": [
        one(
            "First",
            "all",
            {"name": "Once", "delegate_to": "localhost", "run_once": True, **TRUE},
            {"name": "Each", **TRUE},
        ),
        one("Alone", "mini1", {"name": "Break", **FALSE}),
        one("Later", "mini2,mini3", {"name": "Never", **TRUE}),
    ],
    "ended-within-a-play": [
        one("First", "all", {"name": "Each", **TRUE}, {"name": "Break", "run_once": True, **FALSE}),
    ],
    "rescued": [
        one(
            "First",
            "mini1,mini3",
            {"block": [{"name": "Try", **FALSE}], "rescue": [{"name": "Each", **TRUE}]},
        ),
    ],
}


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        pytest.param(
            "ended-between-plays",
            [
                "localhost  1: Once",
                "mini1      failed at the task Break; before that 1: Each",
                "mini2      unreachable",
                "mini3      not completed: the run ended before the play Later; before that 1: Each",
            ],
            id="ended-between-plays",
        ),
        pytest.param(
            "ended-within-a-play",
            [
                "mini1  failed at the task Break; before that 1: Each",
                "mini2  unreachable",
                "mini3  not completed: the task Break failed on mini1; before that 1: Each",
            ],
            id="ended-within-a-play",
        ),
        pytest.param("rescued", ["mini1  1: Each", "mini3  1: Each"], id="rescued"),
    ],
)
def test_the_hosts_of_a_run(play, tmp_path, name, lines):
    inventory, playbook = tmp_path / "hosts.yml", tmp_path / "play.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"mini1": LOCAL, "mini2": NOBODY, "mini3": LOCAL}}}))
    playbook.write_text(yaml.safe_dump(PLAYS[name]))
    text = play(playbook, "-i", str(inventory)).text
    shown = text.partition("WHAT WAS CHANGED")[2].partition("WHAT IS WRONG")[0].splitlines()
    assert [line for line in shown[1:] if line] == lines
