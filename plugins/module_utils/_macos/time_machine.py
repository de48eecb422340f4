# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Automatic Time Machine backups: the stored switch, and the verb that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import preferences
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError, UnmanagedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

TMUTIL = "/usr/bin/tmutil"
READ = [preferences.DEFAULTS, "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
FULL_DISK_ACCESS = (
    "Give remote users Full Disk Access once: System Settings > General > Sharing > Remote Login > (i) > "
    "Allow full disk access for remote users."
)


REFUSED = "requires Full Disk Access privileges"


class TimeMachineError(ClusterError):
    """Time Machine could not be changed."""


def parse_automatic(result: Result) -> bool:
    """Tell whether backups run by themselves; the key is missing until somebody turned them on."""
    value = result.out.strip()
    if result.rc == 0 and value in {"0", "1"}:
        return value == "1"
    if result.rc != 0 and any(text in result.text for text in preferences.ABSENT):
        return False
    raise UnknownStateError("defaults", result.text, "whether Time Machine backs up by itself", FULL_DISK_ACCESS)


def read(commands: Commands) -> dict[str, Any]:
    """Return whether backups run by themselves."""
    return {"automatic": parse_automatic(commands.run(READ))}


def plan(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[list[str]]:
    """Return the command that turns automatic backups on or off, or nothing."""
    if current["automatic"] == wanted["automatic"]:
        return []
    return [[TMUTIL, "enable" if wanted["automatic"] else "disable"]]


def manage(call: Call) -> dict[str, object]:
    """Turn automatic backups on or off."""
    commands = call.commands
    current = read(commands)
    wanted = {"automatic": call.options["automatic"]}
    try:
        outcome = apply_and_verify(
            commands,
            current,
            plan(current, wanted),
            wanted,
            lambda: read(commands),
            check_mode=call.check_mode,
            error=TimeMachineError,
            advice=FULL_DISK_ACCESS,
        )
    except TimeMachineError as error:
        if REFUSED in str(error):
            raise UnmanagedError(str(error)) from error
        raise
    return {"changed": outcome.changed, "diff": outcome.diff, "automatic": outcome.after["automatic"]}
