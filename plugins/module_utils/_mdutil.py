# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Spotlight indexing: the states `mdutil` prints, always with exit status 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._converge import converge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._serve import Request

MDUTIL = "/usr/bin/mdutil"

_STATES = {
    "Indexing enabled.": True,
    "Indexing disabled.": False,
    "Indexing and searching disabled.": False,
    "No index.": False,
}


class SpotlightError(ClusterError):
    """Spotlight could not be read or changed."""


def parse_status(text: str, volume: str) -> bool:
    """Tell whether a volume is indexed, from the output of `mdutil -s`."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines:
        if line in _STATES:
            return _STATES[line]
    said = " ".join(line for line in lines if line != f"{volume}:") or "mdutil printed nothing"
    raise SpotlightError(f"Whether Spotlight indexes {volume} cannot be told: {said}")


def read(commands: Commands, volumes: Sequence[str]) -> dict[str, bool]:
    """Return for each volume whether it is indexed."""
    state = {}
    for volume in volumes:
        result = commands.run([MDUTIL, "-s", volume])
        state[volume] = parse_status(f"{result.out}\n{result.err}", volume)
    return state


def plan(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[list[str]]:
    """Return one command for each volume that differs."""
    return [
        [MDUTIL, "-i", "on" if indexed else "off", volume]
        for volume, indexed in wanted.items()
        if current.get(volume) != indexed
    ]


def manage(request: Request) -> dict[str, object]:
    """Bring every volume to the wanted state."""
    commands = request.commands
    volumes = request.options["volumes"]
    current = read(commands, volumes)
    wanted = dict.fromkeys(volumes, request.options["indexing"])
    outcome = converge(
        commands,
        current,
        plan(current, wanted),
        wanted,
        lambda: read(commands, volumes),
        check_mode=request.check_mode,
        error=SpotlightError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "indexing": outcome.after}
