# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""model_transfer: what the program on a host has said, and what counts of it."""

from __future__ import annotations

import base64
import fcntl
import json
import os

import pytest

REVISION = "a" * 40


def said(job="this", state="complete"):
    folder = {"state": state, "revision": REVISION, "size": 7, "have": 7, "sentences": ["one was slow."]}
    return {"token": job, "folders": {"org--model": folder}}


@pytest.fixture
def work(host_files):
    made = host_files / "work"
    (made / "torrents").mkdir(parents=True)
    (host_files / "models/.incoming").mkdir(parents=True)
    return made


def run(run_module, work, *, check=False, **options):
    arguments = {"work": "/work", "directory": str(work.parent / "models"), "job": "this", **options}
    return run_module("model_transfer", {"action": "look", **arguments}, check=check, system="Linux")


def test_what_it_says_about_this_job_counts(run_module, work):
    (work / "status.json").write_text(json.dumps(said()))
    result = run(run_module, work)
    assert (result["changed"], result["folders"], result["filler"]) == (False, said()["folders"], None)
    assert result["sentences"] == ["one was slow."]
    assert "torrents" not in result


@pytest.mark.parametrize("text", [None, "", "half {", json.dumps(said("another"))])
def test_anything_else_does_not(run_module, work, text):
    if text is not None:
        (work / "status.json").write_text(text)
    assert run(run_module, work)["folders"] == {}


@pytest.mark.parametrize(("state", "expected"), [("complete", ["org--model"]), ("checking", [])])
def test_the_checksums_of_what_is_complete_are_returned(run_module, work, state, expected):
    (work / "status.json").write_text(json.dumps(said(state=state)))
    (work / f"torrents/org--model@{REVISION}.torrent").write_bytes(b"\x00pieces")
    result = run(run_module, work, torrents=True)
    assert list(result["torrents"]) == expected
    assert [base64.b64decode(one) for one in result["torrents"].values()] == [b"\x00pieces"] * len(expected)


def test_whoever_fills_the_directory_is_named(run_module, work):
    lock = work.parent / "models/.incoming/lock"
    lock.write_text("process 7 of _models\n")
    with lock.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert run(run_module, work)["filler"] == "process 7 of _models"
    assert run(run_module, work)["filler"] is None


@pytest.mark.parametrize("check", [False, True])
def test_what_it_said_is_forgotten_when_that_is_asked_for(run_module, work, check):
    (work / "status.json").write_text(json.dumps(said()))
    result = run(run_module, work, action="forget", check=check)
    assert result["changed"] is False
    assert (work / "status.json").exists() is check


def test_no_link_of_the_program_leads_root_elsewhere(run_module, work):
    if os.geteuid() == 0:
        os.chown(work, 12345, 12345)
    (work.parent / "secret").write_text(json.dumps(said()))
    (work / "status.json").symlink_to(work.parent / "secret")
    result = run(run_module, work, action="forget")
    assert result["folders"] == {}
    assert (work.parent / "secret").exists()
