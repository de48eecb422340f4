# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""filevault_unlock: who gets the password, how often, and when a key is enrolled; ssh is a stand-in at a terminal."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.hybrid_ai.cluster.plugins.action import filevault_unlock
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _preboot
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._preboot import EnrolledKeys, State, Talk, parse_scan

from tests.unit.plugins.action import preboot_ssh

SECRET = "correct horse"
HOST = "192.168.1.11"
ON = "FileVault is On."


class World:
    """The Mac, and the machine that runs Ansible."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.usual, self.preboot = folder / "known_hosts", folder / "keys/known_hosts_preboot"
        self.restarts = 0
        self.boot = 1
        self.version, self.filevault = "26.5.2", ON
        self.is_typed = True
        self.become(state="running", key="OWN", preboot_key="OWN", password=SECRET)
        self.usual.write_text(f"{HOST} ssh-ed25519 OWN\n", encoding="utf-8")
        stand_in = Path(__file__).parent / "preboot_ssh.py"
        for name in ("ssh", "ssh-keyscan"):
            shutil.copy(stand_in, folder / name)
            text = (folder / name).read_text(encoding="utf-8").replace("/usr/bin/env python3", sys.executable, 1)
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)

    def become(self, **values: Any) -> None:
        file = self.folder / "world.json"
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.write_text(json.dumps({**known, **values}), encoding="utf-8")

    @property
    def state(self) -> str:
        return str(json.loads((self.folder / "world.json").read_text(encoding="utf-8"))["state"])

    def lines(self, name: str) -> list[Any]:
        file = self.folder / name
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    @property
    def told(self) -> list[str]:
        return [entry["told"] for entry in self.lines("told.jsonl")]

    def enroll(self, key: str = "OWN") -> None:
        EnrolledKeys(self.preboot).write(HOST, None, [f"ssh-ed25519 {key}"])

    def execute(self, command: str, sudoable: bool) -> dict[str, Any]:
        assert sudoable
        if self.state != "running":
            raise AnsibleConnectionFailure("Permission denied (publickey,password,keyboard-interactive).")
        if "shutdown" in command:
            self.restarts += 1
            self.boot += 1
            self.become(state="locked" if self.filevault == ON else "running")
            raise AnsibleConnectionFailure("Connection to 192.168.1.11 closed by remote host.")
        boot = f"{{ sec = {self.boot}, usec = 0 }}"
        said = f"version={self.version}\nboot={boot}\n{self.filevault}\n"
        return {"rc": 0, "stdout": said, "stderr": ""}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return World(tmp_path)


@pytest.fixture
def run(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the action; the secret is in no result and no message."""

    def call(*, check: bool = False, **more: Any) -> Any:
        usual = f"-o UserKnownHostsFile={world.usual}"
        options = {"host": HOST, "port": None, "remote_user": "admin", "ssh_common_args": usual, "ssh_extra_args": ""}
        action = filevault_unlock.ActionModule.__new__(filevault_unlock.ActionModule)
        given = {"known_hosts": str(world.preboot), "user": "admin", "password": SECRET, **more}
        action._task = SimpleNamespace(args=given, check_mode=check)
        action._connection = SimpleNamespace(
            has_option=options.__contains__, get_option=options.get, reset=lambda: None
        )
        shown: list[str] = []

        def display(text: str) -> None:
            shown.append(text)
            if world.is_typed:
                world.become(state="running")

        action._display = SimpleNamespace(display=display)
        monkeypatch.setattr(filevault_unlock.ActionBase, "run", lambda *a, **k: {})
        monkeypatch.setattr(action, "_low_level_execute_command", world.execute, raising=False)
        monkeypatch.setattr(filevault_unlock, "LOOK_SECONDS", 0.05)
        monkeypatch.setattr(filevault_unlock, "RETURN_SECONDS", 2.0)
        monkeypatch.setattr(filevault_unlock, "PERSON_SECONDS", 0.5)
        try:
            result = action.run(task_vars={"inventory_hostname": "mini1"})
        except AnsibleActionFail as error:
            result = str(error)
        assert SECRET not in json.dumps(result)
        for entry in world.lines("called.jsonl"):
            assert SECRET not in json.dumps(entry)
        return result

    return call


@pytest.mark.parametrize("key", ["OWN", "PREBOOT"], ids=["the key that it always has", "another key"])
def test_a_mac_that_waits_is_unlocked(world: World, run: Any, key: str) -> None:
    world.enroll(key)
    world.become(state="locked", preboot_key=key)
    assert run() == {"changed": True, "state": "unlocked"}
    assert world.told == [SECRET]
    assert run() == {"changed": False, "state": "running"}
    assert world.told == [SECRET]


@pytest.mark.parametrize("changes", [{}, {"keys_only": True}], ids=["asks for a password", "takes keys alone"])
@pytest.mark.parametrize("enrolled", [None, "OWN", "PREBOOT"])
def test_a_mac_that_runs_gets_no_password(world: World, run: Any, changes: Any, enrolled: Any) -> None:
    if enrolled:
        world.enroll(enrolled)
    world.become(**changes)
    assert run() == {"changed": False, "state": "running"}
    assert world.told == []


def test_check_mode_sends_nothing(world: World, run: Any) -> None:
    world.enroll()
    world.become(state="locked")
    assert run(check=True) == {"changed": True, "state": "locked"}
    assert (world.told, world.state) == ([], "locked")


def test_a_wrong_password_is_not_tried_twice(world: World, run: Any) -> None:
    world.enroll()
    world.become(state="locked", password="another")
    assert "did not take the FileVault password of admin; it was not tried again" in run()
    assert world.told == [SECRET]


@pytest.mark.parametrize(
    ("enrolled", "shown", "said"),
    [
        (None, "OWN", "with a host key that was not enrolled for that; no password was sent"),
        ("PREBOOT", "OWN", "with a host key that was not enrolled for that; no password was sent"),
        (None, "STRANGER", "neither that of mini1 nor one that was enrolled"),
        ("PREBOOT", "STRANGER", "neither that of mini1 nor one that was enrolled"),
    ],
)
def test_a_key_that_was_not_enrolled_gets_no_password(
    world: World, run: Any, enrolled: str | None, shown: str, said: str
) -> None:
    if enrolled:
        world.enroll(enrolled)
    world.become(state="locked", preboot_key=shown)
    answer = run()
    assert said in answer
    assert "playbooks/unlock.yml -e enroll=yes" in answer
    assert world.told == []


@pytest.mark.parametrize("missing", [{"password": None}, {"user": None}])
def test_without_credentials_it_says_which(world: World, run: Any, missing: Any) -> None:
    world.enroll()
    world.become(state="locked")
    assert "macos_headless_filevault_user and macos_headless_filevault_password are not both given" in run(**missing)
    assert world.told == []


def test_a_mac_that_is_off_is_unreachable(world: World, run: Any) -> None:
    world.enroll()
    world.become(state="off")
    result = run()
    assert result["unreachable"]
    assert "Host is down" in result["msg"]


def test_a_connection_that_ends_without_a_word_is_waited_for(world: World, run: Any) -> None:
    world.enroll()
    world.become(state="locked", drops=True)
    assert run() == {"changed": True, "state": "unlocked"}
    assert world.told == [SECRET]


def test_a_question_that_is_not_for_a_password_gets_none(world: World, run: Any) -> None:
    world.enroll()
    world.become(state="locked", prompt="Your account at the bank:")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_preboot.talk, "__defaults__", (None, 1.0))
        run()
    assert world.told == []


def test_the_same_key_is_enrolled_and_unlocked_by_ssh(world: World, run: Any) -> None:
    assert run(enroll=True) == {"changed": True, "state": "enrolled", "same_key": True, "keys_changed": True}
    assert (world.told, world.restarts, world.state) == ([SECRET], 1, "running")
    assert world.preboot.read_text(encoding="utf-8") == f"{HOST} ssh-ed25519 OWN\n"
    assert world.preboot.stat().st_mode & 0o777 == 0o600
    assert run(enroll=True)["keys_changed"] is False


def test_another_key_is_enrolled_after_a_person_typed(world: World, run: Any) -> None:
    world.become(preboot_key="PREBOOT")
    assert run(enroll=True) == {"changed": True, "state": "enrolled", "same_key": False, "keys_changed": True}
    assert world.told == []
    world.become(state="locked")
    assert run() == {"changed": True, "state": "unlocked"}
    assert world.told == [SECRET]


def test_nothing_is_enrolled_of_a_mac_that_does_not_come_back(world: World, run: Any) -> None:
    world.become(preboot_key="PREBOOT")
    world.is_typed = False
    assert "mini1 was not unlocked; its key was not enrolled" in run(enroll=True)
    assert not world.preboot.exists()


@pytest.mark.parametrize(
    ("version", "filevault", "said"),
    [
        ("15.7.1", ON, "mini1 has macOS 15.7.1, which takes the FileVault password at its screen alone"),
        ("", ON, "mini1 has macOS of an unknown version"),
        (
            "26.5.2",
            "FileVault is Off.",
            "does not wait for a password after a restart (fdesetup says FileVault is Off)",
        ),
        (
            "26.5.2",
            "FileVault ist aus.",
            "does not wait for a password after a restart (fdesetup says FileVault ist aus)",
        ),
    ],
)
def test_a_mac_that_would_not_wait_is_not_restarted(
    world: World, run: Any, version: str, filevault: str, said: str
) -> None:
    world.version, world.filevault = version, filevault
    assert said in run(enroll=True)
    assert world.restarts == 0


def test_enrolling_in_check_mode_restarts_nothing(world: World, run: Any) -> None:
    assert run(enroll=True, check=True) == {"changed": True, "state": "running"}
    assert world.restarts == 0


def test_a_locked_mac_cannot_be_enrolled(world: World, run: Any) -> None:
    world.become(state="locked")
    assert "it has to run while its key is enrolled" in run(enroll=True)
    assert world.told == []


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", []),
        ("# 192.168.1.11:22 SSH-2.0-OpenSSH_10.0\n", []),
        (
            "192.168.1.11 ssh-ed25519 AAAA\n192.168.1.11 ecdsa-sha2-nistp256 BBBB\n",
            ["ecdsa-sha2-nistp256 BBBB", "ssh-ed25519 AAAA"],
        ),
        ("[192.168.1.11]:2222 ssh-ed25519 AAAA comment\n", ["ssh-ed25519 AAAA"]),
        ("getaddrinfo mini1: nodename nor servname\n", []),
    ],
)
def test_scan(text: str, keys: list[str]) -> None:
    assert parse_scan(text) == keys


@pytest.mark.parametrize(
    ("said", "sent", "state"),
    [
        (
            preboot_ssh.BANNER,
            None,
            State.LOCKED,
        ),
        ("THIS SYSTEM\nIS LOCKED.", None, State.LOCKED),
        # The banner of a locked Mac has the words "successfully unlocked" in it.
        ("x Once successfully\r\nunlocked, you will be able to connect normally.", 1, State.UNKNOWN_OUTCOME),
        ("x\r\nSystem successfully\r\nunlocked.\r\nYou may now use SSH to authenticate normally.", 1, State.UNLOCKED),
        ("System successfully unlocked.", None, State.SILENT),
        ("x\r\nPermission denied, please try again.", 1, State.REFUSED),
        ("admin@h: Permission denied (publickey,password,keyboard-interactive).", None, State.OPEN),
        ("ssh: connect to host h port 22: Operation timed out", None, State.SILENT),
        ("No ED25519 host key is known for h and you have requested strict checking.", None, State.OTHER_KEY),
        ("", None, State.SILENT),
    ],
)
def test_what_is_said(said: str, sent: int | None, state: State) -> None:
    assert _preboot._judge(said, sent) is state


def test_ssh_that_is_not_installed_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert _preboot.talk(["ssh", "host"]) == Talk(State.SILENT, "")
