# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``sysadminctl``: automatic login and screen lock, shown on standard error in the form of a log line."""

from __future__ import annotations

from .. import console, preferences

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/sysadminctl",)
LOGIN_WINDOW = "/Library/Preferences/com.apple.loginwindow.plist"
LOGIN_OFF = "Automatic login is OFF."
LOGIN_USER = "Automatic login user: {user}"
# Without a session on the screen there is nothing to set it in.
LOGIN_REFUSED = "SACSetAutoLoginPassword error:22"
SCREEN_LOCK = "screenLock delay is immediate"
USAGE = "Usage: sysadminctl"


def main(context: Context) -> int:
    """Run one command; whatever comes of it, the status is 0."""
    words = context.argv[:2]
    if words == ["-autologin", "status"]:
        user = preferences.read(context.path(LOGIN_WINDOW)).get("autoLoginUser")
        console.log(context, LOGIN_USER.format(user=user) if user else LOGIN_OFF)
    elif words == ["-autologin", "set"]:
        console.log(context, LOGIN_REFUSED)
    elif words == ["-autologin", "off"] and context.is_root:
        preferences.write(context.path(LOGIN_WINDOW), {"autoLoginUser": None})
    elif words == ["-screenLock", "status"]:
        console.log(context, SCREEN_LOCK)
    else:
        context.err(USAGE)
    return 0
