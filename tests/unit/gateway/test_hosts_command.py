# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command that asks hosts, as a person runs it."""

from __future__ import annotations

import json

import pytest

from hybrid_cluster.gateway import hosts_command

PLACE = {"host": "127.0.0.1", "port": 1}
HOSTS = [
    {"name": name, "address": f"10.66.1.{number}", "mac_address": f"1c:f6:4c:00:00:0{number}"}
    for number, name in ((1, "mini"), (2, "box"))
]
# In place of ssh: what it says depends on the host that is asked.
SSH = """#!/bin/sh
case "$*" in
*"HostKeyAlias=mini "*"10.66.1.1 status 1c:f6:4c:00:00:01") echo '{"vetoes": [], "proved": true, "missing": null}' ;;
*"10.66.1.2 status 1c:f6:4c:00:00:02") cat "$(dirname "$0")/box" ;;
*) echo "unexpected: $*" >&2; exit 9 ;;
esac
"""


@pytest.fixture
def run(tmp_path, capsys):
    """Run the command where the second host says this; return status, output and complaint."""

    def run(*arguments, box=None, **changes):
        told = {
            "listen": [PLACE],
            "metrics": PLACE,
            "keys": "k",
            "usage": "u",
            "state": "s",
            "agent": {"user": "u", "key": "key", "known_hosts": "known/%k"},
            "groups": [{"name": host["name"], "hosts": [host]} for host in HOSTS],
            "models": [{"name": "m", "members": [{"backend": "exo", "address": "http://10.66.1.1:1", "model": "m"}]}],
            **changes,
        }
        (tmp_path / "gateway.json").write_text(json.dumps({name: value for name, value in told.items() if value}))
        if box is not None:
            (tmp_path / "box").write_text(json.dumps(box))
        (tmp_path / "ssh").write_text(SSH)
        (tmp_path / "ssh").chmod(0o755)
        status = hosts_command.main(
            ["--configuration", str(tmp_path / "gateway.json"), *arguments], str(tmp_path / "ssh")
        )
        return status, *capsys.readouterr()

    return run


def test_each_host_is_a_line(run):
    box = {"vetoes": ["ann is logged in over SSH"], "proved": False, "missing": "it was never proved that it wakes"}
    said = "mini: may sleep\nbox: stays awake: ann is logged in over SSH; it was never proved that it wakes\n"
    assert run(box=box) == (0, said, "")


def test_one_host_alone_is_asked(run):
    assert run("mini") == (0, "mini: may sleep\n", "")


def test_what_a_host_says_comes_as_json(run):
    status, out, _ = run("--json", "mini")
    assert (status, json.loads(out)) == (0, {"mini": {"vetoes": [], "proved": True, "missing": None}})


def test_a_host_that_does_not_answer_is_a_failure_and_the_others_are_told(run):
    status, out, _ = run()
    assert status == 1
    assert out.startswith("mini: may sleep\nbox: no answer: box answers 'status' with status 1")


@pytest.mark.parametrize(
    ("arguments", "changes", "sentence"),
    [
        (["nowhere"], {}, "'nowhere' is no host that the gateway sends to sleep; there are mini, box."),
        ([], {"groups": None, "agent": None, "state": None}, "the gateway knows no host that sleeps."),
        ([], {"models": [{}]}, "'name' is missing"),
    ],
)
def test_what_is_wrong_is_one_sentence(run, arguments, changes, sentence):
    status, out, complaint = run(*arguments, **changes)
    assert (status, out, complaint.count("\n")) == (1, "", 1)
    assert sentence in complaint
