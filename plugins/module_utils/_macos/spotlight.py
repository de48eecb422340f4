# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Spotlight indexing: the states `mdutil` prints, always with exit status 0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option, Setting
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

MDUTIL = "/usr/bin/mdutil"
VOLUME = "/"

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


class Spotlight(Setting):
    """Whether the startup volume is indexed."""

    title = "Spotlight indexing"
    options = (Option("spotlight", "bool", "Whether Spotlight indexes the startup volume.", default=False),)
    passing = True

    def read(self, commands: Commands) -> State:
        """Return whether the volume is indexed; an answer that passes is waited for."""
        latest = Result(0)

        def settled() -> bool:
            nonlocal latest
            latest = commands.run([MDUTIL, "-s", VOLUME])
            return not _PASSING.search(latest.text)

        _wait.wait_until(settled, PATIENCE_SECONDS, 1)
        indexed = parse_status(latest.out if latest.out.strip() else latest.err, VOLUME) if latest.rc == 0 else None
        if indexed is None:
            raise UnknownStateError("mdutil", latest.text, f"whether Spotlight indexes {VOLUME}")
        return {self.name: indexed}

    def commands(self, current: State, wanted: State) -> list[list[str]]:  # noqa: ARG002 - one signature
        """Return the command that turns indexing on or off."""
        return [[MDUTIL, "-i", "on" if wanted[self.name] else "off", VOLUME]]


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
    said = [*common, *blocks.get(volume, [])]
    if _SERVER in said and "Indexing enabled." not in said:
        return False
    states = {_STATES.get(line) for line in said}
    return states.pop() if len(states) == 1 else None


SETTING = Spotlight()
