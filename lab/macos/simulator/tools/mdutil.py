# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``mdutil``: Spotlight's index per volume. Whatever happens, the exit status is 0."""

from __future__ import annotations

import os

from .. import console, volumes
from . import mdutil_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/mdutil",)
AREA = "spotlight"
VOLUMES = ("/", "/System/Volumes/Data")
REFUSING = "/System/Volumes/Preboot"
# Before, the first volume governs, and of the second nothing is said.
DATA_RELEASE = 26


def main(context: Context) -> int:
    """Show or change the state of some volumes."""
    options, paths = _parse(context.argv)
    every = "a" in options
    if not options or not (every or paths):
        context.out(texts.USAGE)
        return 1
    wanted = _wanted(options)
    for path in (*VOLUMES, *volumes.connected(context.state), REFUSING) if every else paths:
        volume = _volume(context, path)
        if volume is None:
            context.out(texts.INVALID_PATH.format(path=path))
        elif volume == REFUSING:
            # Listing every volume leaves this one out; changing every volume does not.
            if wanted or not every:
                context.out(f"{volume}:\n{texts.INVALID_OPERATION}\n\t{texts.UNKNOWN_STATE}")
        else:
            _one(context, volume, wanted, erase="E" in options)
    return 0


def _parse(argv: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    paths: list[str] = []
    words = iter(argv)
    for word in words:
        if not word.startswith("-"):
            paths.append(word)
            continue
        for letter in word[1:]:
            options[letter] = next(words, "") if letter == "i" else ""
    return options, paths


def _wanted(options: dict[str, str]) -> str:
    if "d" in options:
        return "search_disabled"
    return {"on": "enabled", "off": "disabled"}.get(options.get("i", ""), "")


def _volume(context: Context, path: str) -> str | None:
    """Return the volume a path is on; None for a path that does not exist."""
    others = volumes.connected(context.state)
    if not os.path.exists(context.path(path)) and path not in (*VOLUMES, *others, REFUSING):
        return None
    for volume in (REFUSING, VOLUMES[1], *others):
        if path == volume or path.startswith(f"{volume}/"):
            return volume
    return VOLUMES[0]


def _one(context: Context, volume: str, wanted: str, *, erase: bool) -> None:
    if (wanted or erase) and not context.is_root:
        context.out(f"{volume}:\n{texts.UNABLE}")
        return
    found = context.state.read(AREA)
    if found.get("server") == "disabled":
        # Through launchd, as on many a headless Mac.
        context.out(texts.SERVER_DISABLED)
        return
    if volume == VOLUMES[1] and context.profile.major < DATA_RELEASE:
        context.out(f"{volume}:\n\t{texts.UNKNOWN_STATE}")
        return
    state = found.get(volume, "enabled")
    # The index of a system that nobody may write to stays as it is.
    if wanted and state == "read_only":
        context.out(f"{volume}:\n{texts.INVALID_OPERATION}\n\t{texts.STATES[state]}")
        return
    if wanted and wanted != state:
        doing, level = texts.LEVELS[wanted]
        console.log(context, texts.CHANGE.format(doing=doing, volume=volume, level=level))
        state = wanted
        with context.state.edit(AREA) as data:
            data[volume] = wanted
            data["passing"] = data.get("passing_after_a_change", 0)
    context.out(f"{volume}:\n\t{_said(context, volume, state)}")


def _said(context: Context, volume: str, state: str) -> str:
    """Return what is said of a state: for the next few times after a change, that it changes."""
    found = context.state.read(AREA)
    if volume in found.get("riddles", {}):
        return str(found["riddles"][volume])
    if not found.get("passing"):
        return texts.STATES[state]
    with context.state.edit(AREA) as data:
        data["passing"] -= 1
    return texts.TRANSITIONING
