# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""host_access: what is asked of a host, as whom, and what comes of what the connection and the host say."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible_collections.hybrid_ai.cluster.plugins.action import host_access

LINUX = "kernel=Linux\nuser=admin\nuid=1000\ngroups=sudo\n"
LISTED = "User admin may run the following commands on a:\n    (root) NOPASSWD: /usr/bin/apt\n"
CLOSED = "Shared connection to 192.168.1.11 closed.\r\n"
MAC = "kernel=Darwin\nuser=admin\nuid=501\ngroups=admin\n"
GONE = AnsibleConnectionFailure("Failed to connect to the host via ssh: ssh: connect to host a port 22: Host is down")
SLOW = AnsibleConnectionFailure("Timeout (12s) waiting for privilege escalation prompt: ")
ROOT = (0, "", "")
NOTHING = (1, "", "sudo: a password is required\n")
HOMEBREW = {"squid": "Squid", "haproxy": "HAProxy", "gateway": "HAProxy"}


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that looks at a host which answers as scripted."""

    def run(
        *answers: Any, groups: Any = ("linux",), tags: Any = ("all",), password: Any = None, **arguments: Any
    ) -> Any:
        remaining, asked = list(answers), []

        def execute(command: str, sudoable: bool) -> dict[str, Any]:
            asked.append("root" if sudoable else "user")
            answer = remaining.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return dict(zip(("rc", "stdout", "stderr"), answer))

        options = {"host": "192.168.1.11", "remote_user": "admin", "password": password}
        action = host_access.ActionModule.__new__(host_access.ActionModule)
        action._task = SimpleNamespace(args=arguments)
        action._connection = SimpleNamespace(
            has_option=options.__contains__, get_option=options.get, reset=lambda: asked.append("reset")
        )
        action._play_context = SimpleNamespace(password=None)
        monkeypatch.setattr(host_access.ActionBase, "run", lambda *a, **k: {})
        monkeypatch.setattr(action, "_low_level_execute_command", execute, raising=False)
        variables = {"inventory_hostname": "mini1", "group_names": groups, "ansible_run_tags": tags}
        result = action.run(task_vars=variables)
        assert not remaining, "more was expected to be asked"
        return result, asked

    return run


def test_a_host_that_is_ready_is_asked_as_both_users(look: Any) -> None:
    assert look((0, LINUX, ""), ROOT) == ({"changed": False}, ["user", "root"])


def test_root_is_not_asked_to_become_root(look: Any) -> None:
    assert look((0, LINUX.replace("1000", "0"), "")) == ({"changed": False}, ["user"])


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([GONE], id="at-first"),
        pytest.param([(0, LINUX, ""), GONE], id="meanwhile"),
    ],
)
def test_a_host_that_cannot_be_reached(look: Any, answers: Any) -> None:
    result, _ = look(*answers)
    assert result["unreachable"]
    assert result["msg"].startswith("192.168.1.11 does not answer")
    assert not result.get("failed")


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        pytest.param([AnsibleError("Missing sudo password"), NOTHING], "bootstrap.yml with -K once", id="missing"),
        pytest.param([(1, "sudo: a password is required\r\n", CLOSED), NOTHING], "with -K once", id="asked"),
        pytest.param([AnsibleError("Missing sudo password"), (0, LISTED, "")], "only some commands", id="some"),
        pytest.param([(1, "admin is not in the sudoers file.\r\n", CLOSED)], "admin may not use sudo;", id="none"),
        pytest.param([(127, "", "/bin/sh: 1: sudo: not found\n")], "it has no sudo", id="no-sudo"),
        pytest.param([(1, "the way there leads to the user ai\r\n", CLOSED)], "to the user ai.", id="somebody-else"),
        pytest.param([AnsibleError("Incorrect sudo password")], "the password given with -K is wrong", id="wrong"),
        pytest.param([SLOW], "gets no rights of root: Timeout (12s)", id="sudo-hangs"),
    ],
)
def test_a_user_who_gets_no_rights_of_root(look: Any, answers: Any, sentence: str) -> None:
    result, asked = look((0, LINUX, ""), *answers)
    assert result["failed"]
    # The rights are listed as the user; an open connection has the groups of before.
    assert asked == ["user", "root", *["user"] * (len(answers) - 1), "reset"]
    assert result["msg"] == "mini1 has to be prepared by a person; no host was changed."
    assert sentence in result["obstacles"]


def test_whether_a_password_came_along_is_known(look: Any) -> None:
    denied = AnsibleConnectionFailure("admin@a: Permission denied (publickey,password).")
    assert "run this with -k" in look(denied, bootstrapping=True)[0]["msg"]
    assert "the password given with -k is wrong" in look(denied, bootstrapping=True, password="x")[0]["msg"]


@pytest.mark.parametrize(
    ("tags", "programs"),
    [
        pytest.param(["all"], "Squid and HAProxy", id="all"),
        pytest.param(["cache"], "Squid", id="a-playbook"),
        pytest.param(["haproxy", "exo"], "HAProxy", id="a-role"),
        pytest.param(["gateway"], "HAProxy", id="another-role-that-runs-it"),
        pytest.param(["exo"], None, id="another-role"),
        pytest.param(["verify"], None, id="only-measured"),
    ],
)
def test_homebrew_is_asked_for_where_the_run_installs_from_it(look: Any, tags: Any, programs: Any) -> None:
    result, _ = look((0, MAC, ""), ROOT, groups=("macos", "management"), tags=tags, homebrew_roles=HOMEBREW)
    assert bool(result.get("failed")) is bool(programs)
    assert programs is None or f"it has no Homebrew, from which {programs} come" in result["obstacles"]


@pytest.mark.parametrize(
    ("groups", "tags", "refused"),
    [
        pytest.param(["linux", "llama_cpp"], ["all"], True, id="serves"),
        pytest.param(["linux", "llama_cpp"], ["dns"], False, id="not-in-this-run"),
        pytest.param(["linux"], ["all"], False, id="serves-nothing"),
    ],
)
def test_a_processor_without_programs(look: Any, groups: Any, tags: Any, *, refused: bool) -> None:
    result, _ = look((0, f"{LINUX}machine=riscv64\n", ""), ROOT, groups=groups, tags=tags)
    assert bool(result.get("failed")) is refused
    assert ("its processor is riscv64" in result.get("obstacles", "")) is refused
