# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``sysadminctl``: every answer is a log line on standard error."""

from __future__ import annotations

import plistlib

import pytest

LOGIN_WINDOW = "/Library/Preferences/com.apple.loginwindow.plist"


@pytest.mark.parametrize(
    ("argv", "ending"),
    [
        (["-autologin", "status"], "Automatic login is OFF.\n"),
        (["-screenLock", "status"], "screenLock delay is immediate\n"),
        (["-autologin", "set", "-userName", "admin", "-password", "-"], "SACSetAutoLoginPassword error:22\n"),
    ],
)
def test_answers(mac, argv, ending) -> None:
    result = mac.run("sysadminctl", *argv)
    assert (result.rc, result.out) == (0, "")
    assert result.err.endswith(ending)
    assert " sysadminctl[" in result.err


def test_automatic_login(mac) -> None:
    mac.write(LOGIN_WINDOW).write_bytes(plistlib.dumps({"autoLoginUser": "admin", "x": 1}))
    assert mac.run("sysadminctl", "-autologin", "status").err.endswith("Automatic login user: admin\n")
    mac.run("sysadminctl", "-autologin", "off")
    assert plistlib.loads(mac.path(LOGIN_WINDOW).read_bytes()) == {"x": 1}
