# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Remote Login, the one setting of ``systemsetup`` that a missing permission or a question can stop."""

from __future__ import annotations

from .. import console, privacy, spawn
from . import systemsetup_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

SERVICE = "system/com.openssh.sshd"
PLIST = "/System/Library/LaunchDaemons/ssh.plist"


def _launchctl(context: Context, *words: str) -> int:
    return spawn.run([context.path("/bin/launchctl"), *words]).returncode


def get_remote_login(context: Context, _words: list[str]) -> int:
    """Tell whether sshd is loaded."""
    context.out(f"Remote Login: {'Off' if _launchctl(context, 'print', SERVICE) else 'On'}")
    return 0


def set_remote_login(context: Context, words: list[str], *, force: bool) -> int:
    """Load or unload sshd; a session that is open goes on until it ends."""
    wanted = words[0].lower() if words else ""
    if wanted not in ("on", "off"):
        context.out(texts.BAD_VALUE.format(verb="setremotelogin", value=wanted))
        return 0
    if not privacy.full_disk_access(context):
        context.out(texts.NO_ACCESS)
        return int(context.profile.at_least("15"))
    if wanted == "off" and not force and console.ask(context, texts.SURE).lower() not in ("y", "yes"):
        return 0
    if wanted == "on":
        _launchctl(context, "enable", SERVICE)
        _launchctl(context, "bootstrap", "system", PLIST)
    else:
        _launchctl(context, "bootout", SERVICE)
        _launchctl(context, "disable", SERVICE)
    return 0
