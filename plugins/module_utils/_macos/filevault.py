# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""FileVault: its state, and turning it off without a person."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.filevault_text import Status, parse_status
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

FDESETUP = "/usr/bin/fdesetup"
READ = [FDESETUP, "status"]
DISABLE = [FDESETUP, "disable", "-inputplist"]
END_DEFERRAL = [FDESETUP, "disable"]
POLL_SECONDS = 5.0
DECRYPTION_SECONDS = 1800


class FileVaultError(ClusterError):
    """FileVault could not be read or turned off."""


def read(commands: Commands) -> Status:
    """Return the present state."""
    result = commands.run(READ)
    status = parse_status(result.out) if result.rc == 0 else None
    if status is None:
        raise UnknownStateError("fdesetup", result.text, "whether FileVault is on")
    return status


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
    raise FileVaultError(
        f"FileVault was not turned off ({said.rstrip('.') or 'fdesetup printed nothing'}): "
        f"{who if password else 'give user and password of an administrator'}."
    )


def wait_until_off(commands: Commands, status: Status, seconds: float) -> Status:
    """Wait for the decryption to finish."""
    latest = status

    def finished() -> bool:
        nonlocal latest
        if not latest.off:
            latest = read(commands)
        return latest.off

    if not _wait.wait_until(finished, seconds, POLL_SECONDS):
        raise FileVaultError(
            f"FileVault is still being turned off after {seconds:g} seconds ({latest.text}): it goes on by itself, "
            f"so repeat this run later or raise the option timeout."
        )
    return latest


def manage(call: Call) -> dict[str, object]:
    """Turn FileVault off."""
    commands = call.commands
    before = read(commands)
    to_disable = not before.off and not before.decrypting
    user, password = call.options["user"], call.options["password"]
    if to_disable and not before.pending and not (user and password):
        raise FileVaultError(
            "FileVault is on, and user and password of somebody who may unlock the disk were not both given: give "
            "them (the password from Ansible Vault), or turn FileVault off in System Settings > Privacy & Security."
        )
    after_text, enabled = before.text, before.on
    if call.check_mode:
        if not before.off:
            after_text, enabled = "FileVault is Off.", False
    elif not before.off:
        status = disable(commands, user, password) if to_disable else before
        status = wait_until_off(commands, status, call.options["timeout"])
        after_text, enabled = status.text, status.on
    return {
        "changed": to_disable,
        "diff": {"before": {"status": before.text}, "after": {"status": after_text}},
        "status": after_text,
        "enabled": enabled,
    }
