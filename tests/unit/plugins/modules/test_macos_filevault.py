# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.plugins.harness import Clock

FDESETUP = "/usr/bin/fdesetup"
PASSWORD = "correct horse"
ARGS = {"state": "disabled", "user": "admin", "password": PASSWORD}
STDIN = plistlib.dumps({"Username": "admin", "Password": PASSWORD}).decode()


def status(text: str) -> Call:
    return call([FDESETUP, "status"], out=f"{text}\n")


def disable(**answer: Any) -> Call:
    return call([FDESETUP, "disable", "-inputplist"], stdin=STDIN, **answer)


OFF = status("FileVault is Off.")
ON = status("FileVault is On.")
DEFERRED = status("FileVault is Off.\nDeferred enablement appears to be active for user 'alex'.")
END = call([FDESETUP, "disable"])
DECRYPTING = status("FileVault is On.\nDecryption in progress: Percent completed = 40")


@pytest.mark.parametrize(
    ("args", "calls", "check", "expected"),
    [
        pytest.param(
            ARGS,
            [ON, disable(), DECRYPTING, DECRYPTING, OFF],
            False,
            {"changed": True, "status": "FileVault is Off.", "enabled": False},
            id="change-waits-for-the-decryption",
        ),
        pytest.param(ARGS, [ON, disable(rc=1), OFF], False, {"changed": True}, id="exit-status-is-not-trusted"),
        pytest.param({"state": "disabled"}, [OFF], False, {"changed": False}, id="no-change-needs-no-password"),
        pytest.param(
            {"state": "disabled"}, [DECRYPTING, DECRYPTING, OFF], False, {"changed": False}, id="already-on-its-way"
        ),
        pytest.param(
            {"state": "disabled"},
            [status("FileVault is Off, but needs to be restarted to finish.")],
            False,
            {"changed": False},
            id="off-with-a-restart-to-come",
        ),
        pytest.param(
            ARGS,
            [status("FileVault is Off, but will be enabled after the next restart."), disable(), OFF],
            False,
            {"changed": True},
            id="deferred-activation-is-taken-back",
        ),
        pytest.param(
            ARGS,
            [status("FileVault is On, but needs to be restarted to finish."), disable(), OFF],
            False,
            {"changed": True},
            id="on-with-a-restart-to-come",
        ),
        pytest.param(
            {"state": "disabled"},
            [DEFERRED, END, OFF],
            False,
            {"changed": True, "status": "FileVault is Off.", "enabled": False},
            id="a-deferral-is-ended-without-a-password",
        ),
        pytest.param(ARGS, [DEFERRED, disable(), OFF], False, {"changed": True}, id="or-with-the-one-that-is-given"),
        pytest.param({"state": "disabled"}, [DEFERRED], True, {"changed": True}, id="check-mode-sees-a-deferral"),
        pytest.param(
            {"state": "disabled"},
            [status("FileVault is Off.\nFileVault master keychain appears to be installed.")],
            False,
            {"changed": False},
            id="a-keychain-does-not-matter",
        ),
        pytest.param(
            ARGS,
            [status("FileVault is On.\nEncryption in progress: Percent completed = 50.0"), disable(), OFF],
            False,
            {"changed": True},
            id="encrypting",
        ),
        pytest.param(
            ARGS,
            [status("FileVault is Off.\nEncryption in progress: Percent completed = 0"), disable(), OFF],
            False,
            {"changed": True},
            id="encrypting-though-off",
        ),
        pytest.param(
            ARGS, [ON], True, {"changed": True, "status": "FileVault is Off.", "enabled": False}, id="check-mode"
        ),
        pytest.param({"state": "disabled"}, [DECRYPTING], True, {"changed": False}, id="check-mode-does-not-wait"),
    ],
)
def test_filevault(
    run_module: Callable[..., dict[str, Any]],
    args: dict[str, Any],
    calls: list[Call],
    check: bool,
    expected: dict[str, Any],
) -> None:
    result = run_module("macos_filevault", args, calls, check=check, diff=True)
    assert {key: result.get(key) for key in expected} == expected
    assert PASSWORD not in str(result)


@pytest.mark.parametrize(
    ("args", "calls", "message"),
    [
        pytest.param(
            {"state": "disabled", "user": "admin"},
            [ON],
            "FileVault is on, and user and password of somebody who may unlock the disk were not both given: give them "
            "(the password from Ansible Vault), or turn FileVault off in System Settings > Privacy & Security.",
            id="no-password",
        ),
        pytest.param(
            ARGS,
            [ON, disable(rc=0, out="FileVault was not disabled (-69594).\n"), ON],
            "FileVault was not turned off (FileVault was not disabled (-69594)): check that admin may unlock this "
            "disk (`fdesetup list`) and that the password is right.",
            id="read-back-mismatch-with-exit-status-0",
        ),
        pytest.param(
            ARGS,
            [ON, disable(rc=11, err=f"Error: unable to authenticate {PASSWORD}\n"), ON],
            "FileVault was not turned off (Error: unable to authenticate ********): check that admin may unlock this "
            "disk (`fdesetup list`) and that the password is right.",
            id="password-never-in-a-message",
        ),
        pytest.param(
            {"state": "disabled"},
            [DEFERRED, call([FDESETUP, "disable"], out="Enter the user name:", rc=11), DEFERRED],
            "FileVault was not turned off (Enter the user name:): give user and password of an administrator.",
            id="a-deferral-that-wants-a-password",
        ),
        pytest.param(
            {**ARGS, "timeout": 7},
            [ON, disable(), DECRYPTING, DECRYPTING, DECRYPTING, DECRYPTING],
            "FileVault is still being turned off after 7 seconds (FileVault is On. Decryption in progress: Percent "
            "completed = 40): it goes on by itself, so repeat this run later or raise the option timeout.",
            id="time-out",
        ),
        pytest.param(
            ARGS,
            [call([FDESETUP, "status"], rc=33, err="Unsupported file system.\n")],
            'fdesetup says "Unsupported file system.", so whether FileVault is on is unknown.',
            id="failed-read",
        ),
    ],
)
def test_failures(
    run_module: Callable[..., dict[str, Any]],
    clock: Clock,
    args: dict[str, Any],
    calls: list[Call],
    message: str,
) -> None:
    result = run_module("macos_filevault", args, calls)
    assert (result["failed"], result["msg"]) == (True, message)
