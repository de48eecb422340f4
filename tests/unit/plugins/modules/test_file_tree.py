# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""file_tree: real files in a temporary directory, and a checker that is played."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from ansible.module_utils import basic

from tests.unit.plugins.harness import call

GROUP = os.getegid()
FILES = {"main.yml": "a: 1\n", "rules/one.yml": "b: 2\n"}
CHECKER = ["/usr/bin/promtool", "check", "config", "%s/main.yml"]


@pytest.fixture(autouse=True)
def own_group(monkeypatch):
    """Files of a test belong to whoever runs it."""
    monkeypatch.setattr("os.geteuid", os.getuid)
    monkeypatch.setattr("os.chown", lambda *_arguments: None)


def arguments(path, **more):
    return {"path": str(path), "files": FILES, **more}


def content(path):
    return {str(file.relative_to(path)): file.read_text() for file in path.rglob("*") if file.is_file()}


def checked(path, **result):
    return call([*CHECKER[:3], f"{path.parent}/.{path.name}.new/main.yml"], **result)


@pytest.mark.parametrize(
    "before",
    [None, {"main.yml": "old\n"}, {**FILES, "stale.yml": "gone\n"}],
    ids=["missing", "other content", "a file too many"],
)
def test_writes_exactly_the_files(run_module, tmp_path, before):
    path = tmp_path / "etc"
    for name, text in (before or {}).items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    result = run_module("file_tree", arguments(path, validate=CHECKER), [checked(path)])
    assert result["changed"]
    assert content(path) == FILES
    assert [entry.name for entry in tmp_path.iterdir()] == ["etc"]


def test_second_run_changes_nothing_and_asks_no_checker(run_module, tmp_path):
    path = tmp_path / "etc"
    first = run_module("file_tree", arguments(path))
    second = run_module("file_tree", arguments(path, validate=CHECKER))
    assert not second["changed"]
    assert first["digest"] == second["digest"]


def test_a_wrong_mode_is_a_change(run_module, tmp_path):
    path = tmp_path / "etc"
    run_module("file_tree", arguments(path))
    (path / "main.yml").chmod(0o666)
    assert run_module("file_tree", arguments(path))["changed"]
    assert (path / "main.yml").stat().st_mode & 0o777 == 0o644


def test_check_mode_predicts_the_digest_and_writes_nothing(run_module, tmp_path):
    path = tmp_path / "etc"
    predicted = run_module("file_tree", arguments(path), check=True)
    assert predicted["changed"]
    assert not path.exists()
    assert run_module("file_tree", arguments(path))["digest"] == predicted["digest"]


def test_what_the_checker_refuses_replaces_nothing(run_module, tmp_path):
    path = tmp_path / "etc"
    path.mkdir()
    (path / "main.yml").write_text("working\n")
    refused = checked(path, rc=1, err=f"{tmp_path}/.etc.new/main.yml: line 1: not a rule")
    result = run_module("file_tree", arguments(path, validate=CHECKER), [refused])
    assert result["failed"]
    assert result["msg"] == (
        f"promtool refuses the new files for {path}, and nothing was replaced: {path}/main.yml: line 1: not a rule"
    )
    assert content(path) == {"main.yml": "working\n"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["etc"]


@pytest.mark.parametrize(
    ("action", "left"),
    [("rollback", {"main.yml": "working\n"}), ("commit", FILES)],
)
def test_the_state_before_is_kept_until_it_is_settled(run_module, tmp_path, action, left):
    path = tmp_path / "etc"
    run_module("file_tree", {"path": str(path), "files": {"main.yml": "working\n"}})
    run_module("file_tree", arguments(path, keep_previous=True))
    assert run_module("file_tree", {"path": str(path), "action": action})["changed"]
    assert content(path) == left
    assert not run_module("file_tree", {"path": str(path), "action": action})["changed"]


SECRET = "canary-0123456789"
SECRETS = {"main.yml": f"url: https://hook/{SECRET}\nport: 1\n", "rules/one.yml": "b: 2\n"}


@pytest.fixture
def hosts_log(monkeypatch):
    """Collect what modules write to the log of their host."""
    lines = []
    monkeypatch.setattr(basic, "has_journal", False)
    monkeypatch.setattr(basic.AnsibleModule, "_log_to_syslog", lambda self, line: lines.append(line))
    return lines


@pytest.mark.parametrize("check", [False, True], ids=["really", "check mode"])
@pytest.mark.parametrize("written", ["true", True, "yes"], ids=repr)
def test_secrets_are_not_shown(run_module, tmp_path, hosts_log, check, written):
    path = tmp_path / "etc"
    run_module("file_tree", arguments(path))
    args = {"path": str(path), "files": SECRETS, "sensitive": written, "mode": "0640"}
    result = run_module("file_tree", args, diff=True, check=check)
    assert (result["changed"], "diff" in result) == (True, False)
    assert SECRET not in json.dumps(result)
    assert hosts_log
    assert SECRET not in "".join(hosts_log)
    assert content(path) == (FILES if check else SECRETS)


def test_what_is_no_secret_is_shown(run_module, tmp_path, hosts_log):
    result = run_module("file_tree", {"path": str(tmp_path / "etc"), "files": SECRETS}, diff=True)
    assert result["invocation"]["module_args"]["files"] == SECRETS
    assert [entry["after"] for entry in result["diff"]] == list(SECRETS.values())


def test_a_long_file_is_shown_only_where_it_changes(run_module, tmp_path):
    path = str(tmp_path / "etc")
    long, longer = ("".join(f"line {number}\n" for number in range(count)) for count in (301, 302))

    def shown(files):
        (entry,) = run_module("file_tree", {"path": path, "files": {"a.yml": "a: 1\n", **files}}, diff=True)["diff"]
        return entry["before"], entry["after"]

    run_module("file_tree", {"path": path, "files": {"a.yml": "a: 1\n"}})
    assert shown({"board.json": long}) == ("", "(301 lines)\n")
    assert shown({"board.json": longer}) == (long, longer)
    assert shown({}) == ("(302 lines)\n", "")


REFUSALS = [
    pytest.param(f"line 1: {SECRET} is not a host", "line 1: *** is not a host", id="whole"),
    pytest.param(
        f"line 1: cannot unmarshal !!str `{SECRET[:4]}...` into int",
        "line 1: cannot unmarshal !!str `***...` into int",
        id="cut off",
    ),
    pytest.param("line 2: field port not found", "line 2: field port not found", id="a key"),
]


@pytest.mark.parametrize(("said", "shown"), REFUSALS)
def test_a_checker_that_repeats_a_secret_is_shown_without_it(run_module, tmp_path, said, shown):
    path = tmp_path / "etc"
    refused = checked(path, rc=1, err=f"{path.parent}/.etc.new/main.yml: {said}")
    args = {"path": str(path), "files": SECRETS, "sensitive": True, "validate": CHECKER}
    result = run_module("file_tree", args, [refused])
    assert (
        result["msg"]
        == f"promtool refuses the new files for {path}, and nothing was replaced: {path}/main.yml: {shown}"
    )
    assert SECRET not in json.dumps(result)


def test_nobody_tries_passwords_against_the_digest_of_secrets(run_module, tmp_path):
    path = tmp_path / "etc"
    plain = run_module("file_tree", {"path": str(path), "files": SECRETS})["digest"]
    args = {"path": str(path), "files": SECRETS, "sensitive": True, "keep_previous": True}
    first = run_module("file_tree", args, check=True)["digest"]
    assert first not in (plain, hashlib.sha256(SECRETS["main.yml"].encode()).hexdigest())
    run_module("file_tree", args)
    run_module("file_tree", {**args, "files": FILES})
    back = run_module("file_tree", {"path": str(path), "sensitive": True, "action": "rollback"})
    assert back["digest"] == first


STAMP = {"name": "stamp.cfg", "text": "global\n    description %s\n"}


def test_one_file_says_which_the_others_are(run_module, tmp_path):
    path = tmp_path / "etc"
    args = arguments(path, stamp=STAMP, keep_previous=True)
    digest = run_module("file_tree", arguments(tmp_path / "without"))["digest"]
    assert run_module("file_tree", args, check=True)["digest"] == digest
    assert run_module("file_tree", args)["digest"] == digest
    assert content(path) == {**FILES, "stamp.cfg": f"global\n    description {digest}\n"}
    again = run_module("file_tree", args)
    assert (again["changed"], again["digest"]) == (False, digest)


def test_what_is_gone_back_to_has_its_own_digest(run_module, tmp_path):
    path = tmp_path / "etc"
    first = run_module("file_tree", arguments(path, stamp=STAMP))
    other = run_module("file_tree", {**arguments(path, stamp=STAMP, keep_previous=True), "files": {"a": "1"}})
    assert other["digest"] != first["digest"]
    back = run_module("file_tree", {"path": str(path), "stamp": STAMP, "action": "rollback"})
    assert back["digest"] == first["digest"]
    assert first["digest"] in content(path)["stamp.cfg"]


@pytest.mark.parametrize(
    ("stamp", "sentence"),
    [
        ({**STAMP, "text": "x"}, "The text of stamp.cfg has no %s where the digest of "),
        ({**STAMP, "name": "main.yml"}, " holds the digest: give the other file another name."),
    ],
)
def test_a_stamp_that_would_say_nothing(run_module, tmp_path, stamp, sentence):
    result = run_module("file_tree", arguments(tmp_path / "etc", stamp=stamp))
    assert result["failed"]
    assert sentence in result["msg"]


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../b"])
def test_a_name_outside_is_refused(run_module, tmp_path, name):
    result = run_module("file_tree", {"path": str(tmp_path / "etc"), "files": {name: "x"}})
    assert result["failed"]
    assert "is not a valid name inside a directory" in result["msg"]


def test_absent(run_module, tmp_path):
    path = tmp_path / "etc"
    run_module("file_tree", arguments(path))
    assert run_module("file_tree", {"path": str(path), "state": "absent"})["changed"]
    assert not path.exists()
    assert not run_module("file_tree", {"path": str(path), "state": "absent"})["changed"]


def test_a_group_that_is_missing_is_a_sentence(run_module, tmp_path):
    result = run_module("file_tree", arguments(tmp_path / "etc", group="_nobody_at_all"))
    assert result["msg"] == "There is no group _nobody_at_all on this host; create it first."
