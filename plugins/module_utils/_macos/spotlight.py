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
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Comparison

MDUTIL = "/usr/bin/mdutil"
VOLUME, DATA = "/", "/System/Volumes/Data"
"""The two halves of the startup volume: the system, which nobody writes to, and everything else."""
STARTUP = [VOLUME, DATA]

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

_READ_ONLY = "Index is read-only."
"""Of the system's half, where the other half has the index."""

PATIENCE_SECONDS = 20.0
_SERVER = "Spotlight server is disabled."


class Spotlight(Setting):
    """Whether the startup volume is indexed; of its second half not every release tells."""

    title = "Spotlight indexing"
    options = (Option("spotlight", "bool", "Whether Spotlight indexes the startup volume.", default=False),)
    passing = True

    def read(self, commands: Commands) -> State:
        """Return whether each half is indexed, as far as it is told; an answer that passes is waited for."""
        latest = status(commands, STARTUP)
        halves = parse_startup(answer(latest)) if latest.rc == 0 else None
        if halves is None:
            raise UnknownStateError("mdutil", latest.text, f"whether Spotlight indexes {VOLUME}")
        return {self.name if half == VOLUME else half: on for half, on in halves.items()}

    def named_as_shown(self, current: State, wanted: State) -> State:
        """Ask the same of both halves, where the second is one of which something is told."""
        return dict.fromkeys([self.name, *([DATA] if DATA in current else [])], wanted[self.name])

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the commands that turn indexing on or off, for the halves that differ."""
        differing = {VOLUME if half == self.name else half: on for half, on in wanted.items() if current[half] != on}
        ways = sorted(set(differing.values()))
        return [turn([volume for volume, on in differing.items() if on is way], on=way) for way in ways]

    def compared(self, current: State, asked: State) -> Comparison:
        """Return the line: both halves are one volume to a person, unless they differ."""
        alike = len(set(current.values())) == 1
        return super().compared({self.name: current[self.name]} if alike else current, asked)


def status(commands: Commands, volumes: list[str]) -> Result:
    """Ask for the state of volumes; an answer that passes is waited for, and in the end returned."""
    latest = Result(0)

    def settled() -> bool:
        nonlocal latest
        latest = commands.run([MDUTIL, "-s", *volumes])
        return not _PASSING.search(latest.text)

    _wait.wait_until(settled, PATIENCE_SECONDS, 1)
    return latest


def answer(said: Result) -> str:
    """Return the text with the state in it."""
    return said.out if said.out.strip() else said.err


def turn(volumes: list[str], *, on: bool) -> list[str]:
    """Return the command that turns indexing of volumes on or off."""
    return [MDUTIL, "-i", "on" if on else "off", *volumes]


def parse_startup(text: str) -> dict[str, bool] | None:
    """Tell which halves of the startup volume are indexed; None where that cannot be told.

    macOS 15 does not know the state of the second half, and the first one governs; of macOS 26 it is reported that the
    index of the first one is read only, and then the second governs.
    """
    system, data = parse_status(text, VOLUME), parse_status(text, DATA)
    if system is None:
        governs = data is not None and _block(text, VOLUME) == [_READ_ONLY]
        return {VOLUME: bool(data), DATA: bool(data)} if governs else None
    return {VOLUME: system} if data is None else {VOLUME: system, DATA: data}


def parse_status(text: str, volume: str) -> bool | None:
    """Tell whether a volume is indexed, from the output of `mdutil -s`; None where that cannot be told.

    Each volume has a block below its name; lines above the first count for all of them. Two answers are none.
    """
    said = _block(text, volume)
    if _SERVER in said and "Indexing enabled." not in said:
        return False
    states = {_STATES.get(line) for line in said}
    return states.pop() if len(states) == 1 else None


def _block(text: str, volume: str) -> list[str]:
    """Return the lines about a volume, and those about all of them."""
    common: list[str] = []
    blocks: dict[str, list[str]] = {}
    block = common
    for line in (line.strip() for line in text.splitlines()):
        if line.startswith("/") and line.endswith(":"):
            block = blocks.setdefault(line[:-1], [])
        elif line:
            block.append(line)
    return [*common, *blocks.get(volume, [])]


SETTING = Spotlight()
