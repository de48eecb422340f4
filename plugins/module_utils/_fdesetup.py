# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""FileVault: the state in every form `fdesetup` prints it, and turning it off without a person."""

from __future__ import annotations

import plistlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._serve import Request

FDESETUP = "/usr/bin/fdesetup"
READ = [FDESETUP, "status"]
DISABLE = [FDESETUP, "disable", "-inputplist"]
POLL_SECONDS = 5.0
DECRYPTION_SECONDS = 1800

_PROGRESS = re.compile(r"(Encryption|Decryption) in progress: Percent completed = (\d+)")


class FileVaultError(ClusterError):
    """FileVault could not be read or turned off."""


@dataclass(frozen=True)
class Status:
    """What `fdesetup status` says."""

    text: str
    on: bool
    pending: bool
    activity: str | None = None
    percent: int | None = None

    @property
    def off(self) -> bool:
        """Tell whether the disk is plain and stays so: nothing is left to do or to wait for."""
        return not self.on and not self.pending and self.activity is None

    @property
    def decrypting(self) -> bool:
        """Tell whether FileVault is on its way off."""
        return self.activity == "decrypting"


def parse_status(text: str) -> Status:
    """Read the first line ("FileVault is On.", with or without what follows) and the progress below it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines or not lines[0].startswith(("FileVault is On", "FileVault is Off")):
        raise FileVaultError(f"`{' '.join(READ)}` gave no state: {' '.join(lines) or 'it printed nothing'}")
    progress = _PROGRESS.search(text)
    activity = {"Encryption": "encrypting", "Decryption": "decrypting"}[progress.group(1)] if progress else None
    return Status(
        text=" ".join(lines),
        on=lines[0].startswith("FileVault is On"),
        pending="will be enabled" in lines[0],
        activity=activity,
        percent=int(progress.group(2)) if progress else None,
    )


def read(commands: Commands) -> Status:
    """Return the present state."""
    result = commands.run(READ)
    return parse_status(result.out or result.err)


def disable(commands: Commands, user: str, password: str) -> Status:
    """Ask macOS to turn FileVault off; the password goes in on standard input and nowhere else."""
    answers = plistlib.dumps({"Username": user, "Password": password}).decode()
    result = commands.run(DISABLE, stdin=answers, timeout=300)
    status = read(commands)
    if status.off or status.decrypting:
        return status
    said = result.text.replace(password, "********") if password else result.text
    raise FileVaultError(
        f"FileVault was not turned off ({said.rstrip('.') or 'fdesetup printed nothing'}): check that {user} may "
        f"unlock this disk (`fdesetup list`) and that the password is right."
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


def manage(request: Request) -> dict[str, object]:
    """Turn FileVault off."""
    commands = request.commands
    before = read(commands)
    to_disable = not before.off and not before.decrypting
    user, password = request.options["user"], request.options["password"]
    if to_disable and not (user and password):
        raise FileVaultError(
            "FileVault is on, and user and password of somebody who may unlock the disk were not both given: give "
            "them (the password from Ansible Vault), or turn FileVault off in System Settings > Privacy & Security."
        )
    after_text, enabled = before.text, before.on
    if request.check_mode:
        if not before.off:
            after_text, enabled = "FileVault is Off.", False
    elif not before.off:
        status = disable(commands, user, password) if to_disable else before
        status = wait_until_off(commands, status, request.options["timeout"])
        after_text, enabled = status.text, status.on
    return {
        "changed": to_disable,
        "diff": {"before": {"status": before.text}, "after": {"status": after_text}},
        "status": after_text,
        "enabled": enabled,
    }
