# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``tmutil``: Time Machine of a Mac that has no backup disk unless the state area names one."""

from __future__ import annotations

from .. import preferences, privacy
from . import tmutil_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/tmutil",)
AREA = "time_machine"
PREFERENCES = "/Library/Preferences/com.apple.TimeMachine.plist"


def main(context: Context) -> int:
    """Run one verb."""
    verb = context.argv[0] if context.argv else ""
    if verb in ("enable", "disable"):
        return _automatic(context, verb)
    if verb == "status":
        context.out(texts.IDLE)
    elif verb == "destinationinfo":
        _destinations(context)
    elif verb == "latestbackup":
        context.err(texts.NOT_MOUNTED)
    else:
        context.err(texts.USAGE)
        return texts.EXIT_USAGE
    return 0


def _automatic(context: Context, verb: str) -> int:
    if not context.is_root:
        context.err(texts.NOT_ROOT.format(verb=verb))
        return texts.EXIT_NOT_ROOT
    if not privacy.full_disk_access(context):
        context.err(texts.NO_ACCESS.format(verb=verb))
        return texts.EXIT_NO_ACCESS
    preferences.write(context.path(PREFERENCES), {"AutoBackup": verb == "enable"})
    return 0


def _destinations(context: Context) -> None:
    destinations = context.state.read(AREA).get("destinations", [])
    if not destinations:
        context.out(texts.NO_DESTINATIONS)
    for destination in destinations:
        context.out(texts.DESTINATION.format(**destination))
