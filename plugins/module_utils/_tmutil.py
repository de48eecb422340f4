# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Automatic Time Machine backups: the stored switch, and the verb that changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result

TMUTIL = "/usr/bin/tmutil"
READ = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
FULL_DISK_ACCESS = (
    "Give remote users Full Disk Access once: System Settings > General > Sharing > Remote Login > (i) > "
    "Allow full disk access for remote users."
)

_ABSENT = ("does not exist", "Could not find key")


class TimeMachineError(ClusterError):
    """Time Machine could not be read or changed."""


def parse_automatic(result: Result) -> bool:
    """Tell whether backups run by themselves; the key is missing until somebody turned them on."""
    value = result.out.strip()
    if result.rc == 0 and value in {"0", "1"}:
        return value == "1"
    if any(text in result.text for text in _ABSENT):
        return False
    raise TimeMachineError(
        f"The Time Machine settings cannot be read: {result.text or 'defaults printed nothing'}. {FULL_DISK_ACCESS}"
    )


def read(commands: Commands) -> dict[str, Any]:
    """Return whether backups run by themselves."""
    return {"automatic": parse_automatic(commands.run(READ))}


def plan(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[list[str]]:
    """Return the command that turns automatic backups on or off, or nothing."""
    if current["automatic"] == wanted["automatic"]:
        return []
    return [[TMUTIL, "enable" if wanted["automatic"] else "disable"]]
