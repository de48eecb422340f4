# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command for keys: a secret is shown once, and what is changed holds at once."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.keys import KeyFile, Limits
from hybrid_cluster.gateway.keys_command import main

NOW = 1_800_000_000.0
DAY = 86_400.0
SRC = Path(__file__).parents[3] / "src"


@pytest.fixture
def path(tmp_path):
    KeyFile(tmp_path / "keys.json").begin()
    return tmp_path / "keys.json"


@pytest.fixture
def command(path, capsys):
    """Run the command and return its status and what it says."""

    def run(*arguments):
        status = main(["--file", str(path), *arguments], NOW)
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    return run


def test_a_key_from_its_making_to_its_end(command, path):
    running = KeyFile(path)
    status, (secret,), _ = command("create", "laptop", "--models", "small,large", "--tokens-per-day", "5000")
    assert status == 0
    assert running.find(secret).limits == Limits(models=("small", "large"), tokens_per_day=5000)
    (line,) = command("list")[1]
    assert line.startswith("laptop: made ")
    assert line.endswith("never expires; models small,large; tokens_per_day 5000")
    assert secret not in line
    _, (after,), _ = command("rotate", "laptop", "--grace", "1h")
    assert running.find(after) == running.find(secret)
    _, (last,), _ = command("rotate", "laptop")
    with pytest.raises(Failure):
        running.find(after)
    assert command("revoke", "laptop")[:2] == (0, ["laptop is revoked."])
    with pytest.raises(Failure):
        running.find(last)
    assert command("list")[:2] == (0, [])


def test_limits_change_one_by_one(command, path):
    command("create", "a", "--requests-per-minute", "60", "--concurrent-requests", "4", "--expires", "30d")
    command("limit", "a", "--requests-per-minute", "none", "--body-bytes", "1000", "--models", "m")
    (key,) = KeyFile(path).all()
    assert (key.limits, key.expires) == (Limits(("m",), None, 4, 1000), NOW + 30 * DAY)
    command("limit", "a", "--models", "none")
    assert KeyFile(path).all()[0].limits.models is None


@pytest.mark.parametrize(
    ("when", "expires"),
    [("never", None), ("90m", NOW + 5400), ("0s", NOW), ("1d", NOW + DAY), ("2027-01-15", 1_800_057_600.0)],
)
def test_a_key_ends_when_it_is_told(command, path, when, expires):
    command("create", "a", "--expires", "1d")
    assert command("expire", "a", when)[0] == 0
    assert KeyFile(path).all()[0].expires == expires


def test_an_expired_key_is_said_to_be(command):
    command("create", "a", "--expires", "0s")
    assert "; expired 2027-01-15 08:00 UTC" in command("list")[1][0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create", "A b"], "is not a valid name for a key"),
        (["create", "there"], "There is a key 'there' already"),
        (["create", "a", "--tokens-per-day", "0"], "not a valid number for --tokens-per-day"),
        (["create", "a", "--expires", "soon"], "'soon' is not a valid time"),
        (["create", "a", "--expires", "2027-02-30"], "not a valid day"),
        (["rotate", "nobody"], "There is no key 'nobody'"),
        (["revoke", "nobody"], "There is no key 'nobody'"),
        (["expire", "nobody", "1d"], "There is no key 'nobody'"),
        (["limit", "nobody", "--models", "m"], "There is no key 'nobody'"),
    ],
)
def test_what_cannot_be_is_one_sentence(command, path, arguments, sentence):
    command("create", "there")
    before = path.read_bytes()
    status, said, problem = command(*arguments)
    assert (status, said, problem.count("\n")) == (1, [], 1)
    assert sentence in problem
    assert path.read_bytes() == before


def test_a_file_that_is_not_there_is_no_list_of_keys(tmp_path, capsys):
    assert main(["--file", str(tmp_path / "keys.json"), "list"]) == 1
    assert "No such file" in capsys.readouterr().err


def test_a_secret_comes_from_standard_input(command, path, monkeypatch):
    said = []
    for arguments in (["--dry-run"], [], [], ["--dry-run"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO("s" * 43 + "\n"))
        said += command("adopt", "cluster", *arguments)[1]
    assert said == ['{"changed": true}'] * 2 + ['{"changed": false}'] * 2
    assert KeyFile(path).find("s" * 43).name == "cluster"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_root_leaves_the_file_to_the_user_of_the_gateway():
    """In a process of its own, which does not become root again, and in a folder that everybody gets to."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "keys.json"
        os.chown(name, 12345, 12345)
        argv = [sys.executable, "-m", "hybrid_cluster.gateway.keys_command", "--file", str(path), "create", "a"]
        done = subprocess.run(argv, env={"PYTHONPATH": str(SRC)}, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert {(found.stat().st_uid, found.stat().st_mode & 0o777) for found in Path(name).iterdir()} == {
            (12345, 0o600)
        }
