# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""FileVault: its state, and turning it off without a person."""

from __future__ import annotations

import plistlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
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
WAITS = "With FileVault on, this Mac waits for a person after every restart."


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
            "of a user or after a restart, is ended too.",
            default="disabled",
            choices=("disabled",),
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

    def compare(self, commands: Commands, value: Any) -> Comparison:  # noqa: ARG002 - only off can be wanted
        """Compare the state; off means decrypted to the end."""
        status = read(commands)
        advice = WAITS
        if status.pending:
            advice = (
                f"FileVault is turned on by itself: repeat site.yml with the tag macos_headless before that. {WAITS}"
            )
        return Comparison(status.off, status.text, OFF, advice)


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
            latest = read(commands)
        return latest.off

    if not _wait.wait_until(finished, DECRYPTION_SECONDS, POLL_SECONDS):
        raise SettingError(
            f"FileVault is still being turned off after {DECRYPTION_SECONDS} seconds ({latest.text}): it goes on by "
            "itself, so repeat this run later."
        )
    return latest


SETTING = FileVault()
