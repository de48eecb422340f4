# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Spotlight indexing: the states `mdutil` prints, always with exit status 0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

MDUTIL = "/usr/bin/mdutil"

_STATES = {
    "Indexing enabled.": True,
    "Indexing disabled.": False,
    "Indexing and searching disabled.": False,
    "No index.": False,
    # Switched off through launchd, for all volumes.
    "Spotlight server is disabled.": False,
}
_PASSING = re.compile(r"unexpected indexing state\b|Transitioning\b")
"""Said right after a change: the next answer is another one."""

PATIENCE_SECONDS = 20.0
_SERVER = "Spotlight server is disabled."


class SpotlightError(ClusterError):
    """Spotlight could not be changed."""


def parse_status(text: str, volume: str) -> bool | None:
    """Tell whether a volume is indexed, from the output of `mdutil -s`; None where that cannot be told.

    Each volume has a block below its name; lines above the first count for all of them. Two answers are none.
    """
    common: list[str] = []
    blocks: dict[str, list[str]] = {}
    block = common
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("/") and line.endswith(":"):
            block = blocks.setdefault(line[:-1], [])
        elif line:
            block.append(line)
    said = [*common, *blocks.get(volume.rstrip("/") or "/", [])]
    if _SERVER in said and "Indexing enabled." not in said:
        return False
    states = {_STATES.get(line) for line in said}
    return states.pop() if len(states) == 1 else None


def read(commands: Commands, volumes: Sequence[str]) -> dict[str, bool]:
    """Return for each volume whether it is indexed; an answer that passes is waited for."""
    return {volume: _read(commands, volume) for volume in volumes}


def _read(commands: Commands, volume: str) -> bool:
    latest = Result(0)

    def settled() -> bool:
        nonlocal latest
        latest = commands.run([MDUTIL, "-s", volume])
        return not _PASSING.search(latest.text)

    _wait.wait_until(settled, PATIENCE_SECONDS, 1)
    indexed = parse_status(latest.out if latest.out.strip() else latest.err, volume) if latest.rc == 0 else None
    if indexed is None:
        raise UnknownStateError("mdutil", latest.text, f"whether Spotlight indexes {volume}")
    return indexed


def plan(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[list[str]]:
    """Return one command for each volume that differs."""
    return [
        [MDUTIL, "-i", "on" if indexed else "off", volume]
        for volume, indexed in wanted.items()
        if current.get(volume) != indexed
    ]


def manage(call: Call) -> dict[str, object]:
    """Bring every volume to the wanted state."""
    commands = call.commands
    volumes = call.options["volumes"]
    current = read(commands, volumes)
    wanted = dict.fromkeys(volumes, call.options["indexing"])
    outcome = apply_and_verify(
        commands,
        current,
        plan(current, wanted),
        wanted,
        lambda: read(commands, volumes),
        check_mode=call.check_mode,
        error=SpotlightError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "indexing": outcome.after}
