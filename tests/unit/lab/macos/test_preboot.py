# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""sshd before the unlock: which Macs have one, with which key, and what it does with a password."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _preboot

from lab.macos.simulator import passwords
from lab.macos.simulator.launchd import boot, preboot
from tests.unit.plugins.action import preboot_ssh


@pytest.mark.parametrize(
    ("release", "remote_login", "expected"),
    [
        pytest.param("26.5", True, True, id="26"),
        pytest.param("27.0", True, True, id="27"),
        pytest.param("15.7", True, False, id="an older macOS"),
        pytest.param("26.5", False, False, id="Remote Login off"),
        pytest.param("26.5", None, False, id="Remote Login never switched on"),
    ],
)
def test_which_macs_answer_while_they_are_locked(mac, release: str, remote_login: Any, *, expected: bool) -> None:
    mac.host(release=release)
    if remote_login is not None:
        with mac.state.edit("launchd") as data:
            data["disabled"] = {"system": {preboot.REMOTE_LOGIN: not remote_login}}
    assert preboot.has_sshd(mac.state) is expected


@pytest.mark.parametrize(("stored", "file"), [({}, preboot.OWN_KEY), ({"preboot_key": "other"}, preboot.OTHER_KEY)])
def test_the_key_is_the_usual_one_or_another(mac, stored: dict[str, str], file: str) -> None:
    with mac.state.edit("filevault") as data:
        data.update(enabled=True, **stored)
    words = preboot.arguments(mac.state)
    assert f"HostKey={file}" in words
    assert {"PubkeyAuthentication=no", "PasswordAuthentication=no", "KbdInteractiveAuthentication=yes"} <= set(words)


@pytest.mark.parametrize(
    ("user", "password", "unlocked"),
    [
        pytest.param("admin", b"correct horse\0", True, id="right"),
        pytest.param("admin", b"wrong\0", False, id="wrong"),
        pytest.param("admin", b"", False, id="none"),
        pytest.param("nobody", b"correct horse\0", False, id="another user"),
    ],
)
def test_the_right_password_unlocks_and_lets_nobody_in(
    mac, monkeypatch: pytest.MonkeyPatch, capsys: Any, user: str, password: bytes, *, unlocked: bool
) -> None:
    mac.write("/etc/shadow", f"admin:{passwords._crypt('correct horse', '$6$saltstring$')}:1::::::\n")
    monkeypatch.setattr(preboot, "State", lambda _root: mac.state)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(password)))
    monkeypatch.setenv("PAM_USER", user)
    assert preboot.unlock() == 1
    assert capsys.readouterr().out == (preboot.UNLOCKED if unlocked else "")
    assert boot.take_unlock(mac.state) is unlocked


def test_a_mac_without_the_program_still_waits_at_its_screen(mac, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[str] = []
    mac.write("/etc/ssh/ssh_host_ed25519_key")
    monkeypatch.setattr(preboot, "SSHD", str(mac.root / "missing"))
    assert preboot.start(mac.state, logged.append) is None
    assert logged == ["sshd before the unlock: No such file or directory"]
    assert mac.path(preboot.BANNER).read_text() == preboot.LOCKED
    preboot.stop(None)


def test_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preboot, "FAREWELL_SECONDS", 0)
    process = os.posix_spawn("/bin/sleep", ["sleep", "60"], os.environ, setpgroup=0)
    preboot.stop(process)
    with pytest.raises(ChildProcessError):
        os.waitpid(process, 0)


def test_it_says_what_the_playbook_reads() -> None:
    assert preboot_ssh.BANNER == preboot.LOCKED
    assert _preboot._judge(preboot.LOCKED, None) is _preboot.State.LOCKED
    assert _preboot._judge(f"x{preboot.UNLOCKED}", 1) is _preboot.State.UNLOCKED
