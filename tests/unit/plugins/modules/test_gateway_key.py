# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A key of the gateway: the secret goes in on standard input, and it is asked whether it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s" * 43
NEW, SAME = '{"changed": true}\n', '{"changed": false}\n'


@pytest.fixture
def command(tmp_path: Path) -> Path:
    path = tmp_path / "gateway-keys"
    path.touch()
    return path


@pytest.fixture
def key(run_module, command):
    def run(*calls: Call, secret=SECRET, **named):
        return run_module("gateway_key", {"command": str(command), "name": "cluster", "secret": secret}, calls, **named)

    return run


@pytest.fixture
def adopt(command):
    def expect(out="", *, dry_run=True, **named):
        argv = [str(command), "adopt", "cluster", *(["--dry-run"] if dry_run else [])]
        return call(argv, out=out, stdin=SECRET, **named)

    return expect


def test_a_key_that_is_as_wanted_stays(key, adopt):
    assert key(adopt(SAME))["changed"] is False


def test_another_secret_is_written_and_read_back(key, adopt):
    assert key(adopt(NEW), adopt(NEW, dry_run=False), adopt(SAME))["changed"] is True
    assert "whether something else writes" in key(adopt(NEW), adopt(NEW, dry_run=False), adopt(NEW))["msg"]


def test_check_mode_asks_and_writes_nothing(key, adopt, command):
    assert [key(adopt(said), check=True)["changed"] for said in (NEW, SAME)] == [True, False]
    assert key(secret="what the first run makes", check=True)["changed"] is True
    command.unlink()
    assert key(check=True)["changed"] is True


def test_the_key_of_an_administrator(run_module, command):
    argv = [str(command), "adopt", "boss", "--administrator", "--dry-run"]
    options = {"command": str(command), "name": "boss", "secret": SECRET, "administrator": True}
    assert run_module("gateway_key", options, [call(argv, out=SAME, stdin=SECRET)])["changed"] is False
    # The command of a version before does not know the word, and is replaced by the run that a check predicts.
    old = call(argv, rc=2, err="error: unrecognized arguments: --administrator\n", stdin=SECRET)
    assert run_module("gateway_key", options, [old], check=True)["changed"] is True
    assert "could not be made" in run_module("gateway_key", options, [old])["msg"]


def test_a_failure_is_one_sentence_without_the_secret(key, adopt):
    broken = key(adopt(rc=1, err="keys: keys.json: it is not JSON.\n"))["msg"]
    assert broken == "The key cluster of the gateway could not be made: keys: keys.json: it is not JSON."
    assert "is not the command for keys of this gateway" in key(adopt("hello\n"))["msg"]
    assert SECRET not in broken
