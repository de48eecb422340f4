# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``fdesetup``: states, exit statuses, passwords against the real password file, and what waits for a person."""

from __future__ import annotations

import plistlib

import pytest

from lab.macos.simulator import console, passwords

# The SHA-512 crypt of "correct horse".
HASH = "$6$saltstring$"


@pytest.fixture
def encrypted(mac):
    """A Mac with FileVault on and a user whose password is known."""
    mac.write("/etc/shadow", f"root:*:1::::::\nadmin:{passwords._crypt('correct horse', HASH)}:1::::::\n")
    with mac.state.edit("filevault") as data:
        data.update(enabled=True, decryption_seconds=0)
    return mac


def credentials(user: str = "admin", password: str = "correct horse") -> str:
    return plistlib.dumps({"Username": user, "Password": password}).decode()


def test_off(mac) -> None:
    assert mac.run("fdesetup", "status", uid=501).out == "FileVault is Off.\n"
    active = mac.run("fdesetup", "isactive", uid=501)
    assert (active.rc, active.out) == (1, "false\n")
    assert mac.run("fdesetup", "disable", "-inputplist", stdin=credentials()).rc == 1


def test_on(encrypted) -> None:
    assert encrypted.run("fdesetup", "status", uid=501).out == "FileVault is On.\n"
    active = encrypted.run("fdesetup", "isactive", uid=501)
    assert (active.rc, active.out) == (0, "true\n")
    assert encrypted.run("fdesetup", "supportsauthrestart").out == "true\n"
    assert encrypted.run("fdesetup", "list").out.startswith("admin,")


@pytest.mark.parametrize(
    ("stdin", "rc", "out"),
    [
        pytest.param(credentials(), 0, "FileVault has been disabled.\n", id="success"),
        pytest.param(credentials(password="wrong"), 11, "Error: User authentication failed.\n", id="wrong-password"),
        pytest.param(credentials(user="nobody"), 11, "Error: User authentication failed.\n", id="unknown-user"),
        pytest.param(credentials(user="root"), 11, "Error: User authentication failed.\n", id="locked-user"),
        pytest.param("no plist", 15, None, id="bad-input"),
        pytest.param(plistlib.dumps({"Username": "admin"}).decode(), 15, None, id="no-password"),
    ],
)
def test_disable(encrypted, stdin, rc, out) -> None:
    result = encrypted.run("fdesetup", "disable", "-inputplist", stdin=stdin)
    assert result.rc == rc
    if out is not None:
        assert result.out == out
    status = encrypted.run("fdesetup", "status").out
    assert status == ("FileVault is Off.\n" if rc == 0 else "FileVault is On.\n")


def test_a_deferral_is_told_and_ended_without_a_password(mac) -> None:
    with mac.state.edit("filevault") as data:
        data.update(enabled=False, deferred_user="alex")
    assert mac.run("fdesetup", "status").out == (
        "FileVault is Off.\nDeferred enablement appears to be active for user 'alex'.\n"
    )
    assert mac.run("fdesetup", "disable").rc == 0
    assert mac.run("fdesetup", "status").out == "FileVault is Off.\n"


def test_encryption_is_told(encrypted) -> None:
    with encrypted.state.edit("filevault") as data:
        data["encrypted_percent"] = 50.0
    assert encrypted.run("fdesetup", "status").out == (
        "FileVault is On.\nEncryption in progress: Percent completed = 50.0\n"
    )


def test_not_root_is_refused(encrypted) -> None:
    assert encrypted.run("fdesetup", "disable", "-inputplist", uid=501, stdin=credentials()).rc != 0
    assert encrypted.state.read("filevault")["enabled"] is True


def test_decryption_takes_its_time(encrypted) -> None:
    with encrypted.state.edit("filevault") as data:
        data["decryption_seconds"] = 1000
    encrypted.run("fdesetup", "disable", "-inputplist", stdin=credentials())
    assert encrypted.run("fdesetup", "status").out == (
        "FileVault is On.\nDecryption in progress: Percent completed = 0\n"
    )
    assert encrypted.run("fdesetup", "isactive").rc == 2
    # The next start needs nobody any more.
    assert encrypted.state.read("filevault")["enabled"] is False


def test_without_a_plist_it_waits_for_a_person(encrypted, monkeypatch) -> None:
    def stand_still() -> None:
        raise TimeoutError

    monkeypatch.setattr(console, "wait_for_a_person", stand_still)
    context = encrypted.context("fdesetup", "disable")
    from lab.macos.simulator.tool import call

    with pytest.raises(TimeoutError):
        call(context)
    assert context.stdout.getvalue() == "Enter the user name: "


def test_a_person_can_answer(encrypted) -> None:
    result = encrypted.run("fdesetup", "disable", stdin="admin\ncorrect horse\n")
    assert result.rc == 0
    assert "Enter the password for user 'admin':" in result.out


def test_authrestart_passes_once_and_restarts(encrypted) -> None:
    shutdown = encrypted.write("/sbin/shutdown", f'#!/bin/sh\necho "$@" > {encrypted.root}/went-down\n')
    shutdown.chmod(0o755)
    result = encrypted.run("fdesetup", "authrestart", "-inputplist", stdin=credentials())
    assert (result.rc, result.err) == (1, "System is being restarted\n")
    assert encrypted.state.read("filevault")["authrestart"] is True
    assert encrypted.path("/went-down").read_text() == "-r now\n"


def test_enable_again(encrypted) -> None:
    encrypted.run("fdesetup", "disable", "-inputplist", stdin=credentials())
    result = encrypted.run("fdesetup", "enable", "-inputplist", stdin=credentials())
    assert result.rc == 0
    assert result.out.startswith("Recovery key = '")
    assert encrypted.run("fdesetup", "enable", "-inputplist", stdin=credentials()).rc == 24


@pytest.mark.parametrize(("argv", "rc"), [pytest.param([], 12, id="none"), pytest.param(["x"], 13, id="unknown")])
def test_wrong_verbs(mac, argv, rc) -> None:
    assert mac.run("fdesetup", *argv).rc == rc


def test_the_password_is_nowhere(encrypted) -> None:
    for verb in ("disable", "enable", "authrestart"):
        result = encrypted.run("fdesetup", verb, "-inputplist", stdin=credentials())
        assert "correct horse" not in result.out + result.err
    for file in encrypted.root.rglob("*"):
        if file.is_file():
            assert b"correct horse" not in file.read_bytes()
