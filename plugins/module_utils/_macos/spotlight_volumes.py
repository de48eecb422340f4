# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Spotlight on the local volumes beside the startup volume, such as a disk with models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import spotlight
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.mounts_text import parse_mounts
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import (
    Comparison,
    Option,
    Setting,
    SettingError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

MOUNT = ["/sbin/mount"]
MAY = "may"
"""Beside the volumes that are off: those that may be indexed."""


class SpotlightVolumes(Setting):
    """Which volumes Spotlight may index; it is turned off on every other one that is there."""

    title = "Spotlight on other volumes"
    options = (
        Option(
            "spotlight_may_index",
            "list",
            "The local volumes that Spotlight may index, by mount point, such as C(/Volumes/Photos). They stay as they "
            "are; on every other one that is connected, beside the startup volume, indexing is turned off.",
            default=[],
            elements="str",
        ),
    )
    passing = True
    absent = "it is not connected"

    def wanted(self, value: list[str]) -> State:
        """Return the volumes that stay as they are."""
        for volume in value:
            if not volume.startswith("/") or volume in ("/", spotlight.DATA):
                raise SettingError(
                    f"{self.name}: {volume} is not a mount point of another volume, such as /Volumes/Photos; "
                    "spotlight is for the startup volume."
                )
        return {MAY: [volume.rstrip("/") for volume in value]}

    def read(self, commands: Commands) -> State:
        """Return whether each volume is indexed; what cannot be told of one is what mdutil said."""
        result = commands.run(MOUNT)
        mounts = parse_mounts(result.out) if result.rc == 0 else None
        if not mounts:
            raise UnknownStateError("mount", result.text, "which volumes this Mac has")
        return {volume.point: _indexed(commands, volume.point) for volume in mounts if volume.is_of_a_person}

    def named_as_shown(self, current: State, wanted: State) -> State:
        """Return every volume that is not to be indexed."""
        return {volume: False for volume in current if volume not in wanted[MAY]}

    def reachable(self, current: State, wanted: State) -> tuple[State, list[str]]:
        """Leave a volume of which nothing is known alone, and no other."""
        unknown = {volume: said for volume in wanted if isinstance(said := current[volume], Result)}
        warnings = [f"{volume} is unmanaged: {_riddle(volume, said)}" for volume, said in unknown.items()]
        return {volume: False for volume in wanted if volume not in unknown}, warnings

    def value(self, current: State, key: str) -> Any:
        """Return whether a volume is indexed; None of one that is not there."""
        found = current.get(key)
        if isinstance(found, Result):
            raise _riddle(key, found)
        return found

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return the commands that turn indexing on or off, a volume at a time: one that refuses stops no other."""
        differing = [volume for volume, on in wanted.items() if current[volume] != on]
        return [spotlight.turn([volume], on=wanted[volume]) for volume in differing]

    def compare(self, commands: Commands, value: Any) -> Comparison:
        """Measure every volume; without any there is nothing to turn off."""
        asked, current = self.wanted(value), self.read(commands)
        if not self.named_as_shown(current, asked):
            return Comparison(True, "no other volume" if not current else "only what may be indexed", "off", "")
        return self.compared(current, asked)


def _indexed(commands: Commands, volume: str) -> bool | Result:
    """Ask for one volume: an error about one says nothing of the others."""
    said = spotlight.status(commands, [volume])
    indexed = spotlight.parse_status(spotlight.answer(said), volume) if said.rc == 0 else None
    return said if indexed is None else indexed


def _riddle(volume: str, said: Result) -> UnknownStateError:
    return UnknownStateError("mdutil", said.text, f"whether Spotlight indexes {volume}")


SETTING = SpotlightVolumes()
