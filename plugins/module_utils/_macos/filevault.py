# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""FileVault: its state, and turning it off without a person."""

from __future__ import annotations

import contextlib
import plistlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.filevault_text import Status, parse_status
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import (
    Change,
    Comparison,
    Option,
    Setting,
    SettingError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

FDESETUP = "/usr/bin/fdesetup"
READ = [FDESETUP, "status"]
DISABLE = [FDESETUP, "disable", "-inputplist"]
END_DEFERRAL = [FDESETUP, "disable"]
POLL_SECONDS = 5.0
DECRYPTION_SECONDS = 1800
OFF = "FileVault is Off."
READ_VERSION = ["/usr/bin/sw_vers", "-productVersion"]
SSH_BEFORE_UNLOCK = 26
"""From this version of macOS on, sshd answers before the disk is unlocked: see apple_ssh_and_filevault(7)."""
WAITS = "With FileVault on, this Mac waits for a person after every restart."
TOO_OLD = (
    "macOS takes the FileVault password by ssh from version 26 on, and before that at the screen alone: bring this Mac "
    "to macOS 26, or write disabled for macos_headless_filevault."
)
WAITS_FOR_SSH = (
    "With FileVault on, this Mac is locked after every restart and waits for the FileVault password: log in by ssh "
    "with the password of a user who may unlock it; that ends the connection, and then the Mac starts."
)


ALLOWED = "allowed"


class FileVault(Setting):
    """Off to the end: nothing is encrypted, and nothing turns it on by itself."""

    title = "FileVault"
    restorable = False
    options = (
        Option(
            "filevault",
            "str",
            "V(disabled) turns FileVault off and waits until the disk is decrypted. A Mac with FileVault on stops "
            "at the unlock screen after every restart and power failure. A decryption that is already going on is "
            "waited for and needs no password. FileVault that is off and will be on by itself, at the next login "
            "of a user or after a restart, is ended too. V(allowed) leaves FileVault as it is, on or off, and the "
            "report says what a restart waits for; that needs macOS 26, which takes the FileVault password by ssh.",
            default="disabled",
            choices=("disabled", ALLOWED),
        ),
        Option("filevault_user", "str", "Short name of a user who may unlock the disk. Needed while FileVault is on."),
        Option(
            "filevault_password",
            "str",
            "That user's password, from a vault. It reaches C(fdesetup) on standard input only.",
            secret=True,
        ),
    )

    def read(self, commands: Commands) -> State:
        """Return what fdesetup says."""
        return {self.name: read(commands).text}

    def plan(self, call: Call) -> Change:
        """Look, and see to it that there is a password where one is needed."""
        before = read(call.commands)
        if call.options[self.name] == ALLOWED:
            return Change({self.name: before.text}, {self.name: before.text})
        begun = before.decrypting
        if not (before.off or begun or before.pending or all(_credentials(call))):
            raise SettingError(
                "FileVault is on, and user and password of somebody who may unlock the disk were not both given: give "
                "them (the password from Ansible Vault), or turn FileVault off in System Settings > Privacy & Security."
            )
        return Change({self.name: before.text}, {self.name: before.text if before.off else OFF}, begun=begun)

    def apply(self, call: Call, change: Change) -> Change:
        """Turn it off where that has not begun, and wait."""
        status = read(call.commands) if change.begun else disable(call.commands, *_credentials(call))
        return replace(change, after={self.name: wait_until_off(call.commands, status).text})

    def compare(self, commands: Commands, value: Any) -> Comparison:
        """Compare the state; off means decrypted to the end. Where it may be on, ssh has to be there to unlock it."""
        status = read(commands)
        if value == ALLOWED:
            by_ssh = status.off or unlocks_by_ssh(commands)
            after = "" if status.off else f" {WAITS_FOR_SSH}" if by_ssh else ""
            return Comparison(
                by_ssh, f"{status.text}{after}", "on or off, and unlocked by ssh", "" if by_ssh else TOO_OLD
            )
        if status.off:
            return Comparison(True, status.text, OFF, "")
        advice = WAITS_FOR_SSH if unlocks_by_ssh(commands) else WAITS
        if status.pending:
            advice = (
                f"FileVault is turned on by itself: repeat site.yml with the tag macos_headless before that. {advice}"
            )
        return Comparison(False, status.text, OFF, advice)


def unlocks_by_ssh(commands: Commands) -> bool:
    """Tell whether a Mac with FileVault on can be unlocked by ssh after a restart; an unknown version cannot."""
    result = commands.run(READ_VERSION)
    major = result.out.strip().partition(".")[0]
    return result.rc == 0 and major.isdigit() and int(major) >= SSH_BEFORE_UNLOCK


def read(commands: Commands) -> Status:
    """Return the present state."""
    result = commands.run(READ)
    status = parse_status(result.out) if result.rc == 0 else None
    if status is None:
        raise UnknownStateError("fdesetup", result.text, "whether FileVault is on")
    return status


def _credentials(call: Call) -> tuple[str | None, str | None]:
    return call.options["filevault_user"], call.options["filevault_password"]


def disable(commands: Commands, user: str | None, password: str | None) -> Status:
    """Ask macOS to turn FileVault off; the password goes in on standard input and nowhere else.

    What is only pending may be ended without one: the disk is plain, so there is nothing to unlock.
    """
    if user and password:
        answers = plistlib.dumps({"Username": user, "Password": password}).decode()
        result = commands.run(DISABLE, stdin=answers, timeout=300)
    else:
        result = commands.run(END_DEFERRAL)
    status = read(commands)
    if status.off or status.decrypting:
        return status
    said = result.text.replace(password, "********") if password else result.text
    who = f"check that {user} may unlock this disk (`fdesetup list`) and that the password is right"
    raise SettingError(
        f"FileVault was not turned off ({said.rstrip('.') or 'fdesetup printed nothing'}): "
        f"{who if password else 'give user and password of an administrator'}."
    )


def wait_until_off(commands: Commands, status: Status) -> Status:
    """Wait for the decryption to finish."""
    latest = status

    def finished() -> bool:
        nonlocal latest
        if not latest.off:
            # One answer of hundreds that is missing or not understood ends no wait.
            with contextlib.suppress(CommandError, UnknownStateError):
                latest = read(commands)
        return latest.off

    if not _wait.wait_until(finished, DECRYPTION_SECONDS, POLL_SECONDS):
        raise SettingError(
            f"FileVault is still being turned off after {DECRYPTION_SECONDS} seconds ({latest.text}): it goes on by "
            "itself, so repeat this run later."
        )
    return latest


SETTING = FileVault()
