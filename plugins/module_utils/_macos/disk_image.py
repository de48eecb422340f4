# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Disk images of macOS: attaching one at a place of ours and getting it off again, judged by the list of images."""

from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

HDIUTIL = "/usr/bin/hdiutil"
ATTEMPTS = 4
PASSING = ("Resource busy", "Resource temporarily unavailable")
ATTACH_SECONDS = 300


class ImageError(ClusterError):
    """A disk image cannot be used."""


def mount_point(name: str) -> str:
    """Return where an image of ours is attached: one fixed place, so that a later run finds what this one left."""
    return f"/private{_names.STATE_DIRECTORY}/images/{name}"


def forget_mount_point(place: str) -> None:
    """Remove the directory that stays behind an image, and the one for all images once the last is gone."""
    _files.remove_if_empty(place)
    _files.remove_if_empty(place.rsplit("/", 1)[0])


def parse_plist(text: str) -> dict[str, Any]:
    """Read what hdiutil prints; the text of a licence may come before it."""
    start = text.find("<?xml")
    try:
        parsed = plistlib.loads(text[start:].encode()) if start >= 0 else None
    except (ExpatError, ValueError, plistlib.InvalidFileException):
        parsed = None
    if not isinstance(parsed, dict):
        raise ImageError(f"hdiutil printed no property list but: {' '.join(text.split())[:200]}")
    return parsed


def mounted(entities: list[dict[str, Any]]) -> list[str]:
    """Return the places of an image; partitions without a file system have none."""
    return [entity["mount-point"] for entity in entities if entity.get("mount-point")]


class DiskImages:
    """The tool."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def is_attached(self, place: str) -> bool:
        """Tell whether an image is attached at a place."""
        images = parse_plist(self._commands.check_output([HDIUTIL, "info", "-plist"])).get("images", [])
        return any(place in mounted(image.get("system-entities", [])) for image in images)

    def attach(self, image: str, place: str, *, accept_licence: bool) -> None:
        """Attach an image; its licence is only agreed to when a person said so."""
        if not _files.exists(image):
            raise ImageError(f"There is no disk image {image}: put it there first.")
        _files.make_directory(place, 0o700)
        argv = [HDIUTIL, "attach", "-plist", "-nobrowse", "-readonly", "-mountpoint", place, image]
        for attempt in range(ATTEMPTS):
            if attempt:
                _wait.sleep(2)
            result = self._commands.run(argv, stdin="Y\n" if accept_licence else "N\n", timeout=ATTACH_SECONDS)
            if result.rc == 0:
                break
            if not any(reason in result.text for reason in PASSING):
                break
        if result.rc != 0:
            licence = "" if accept_licence or "cancel" not in result.text else " (its licence was not accepted)"
            raise ImageError(f"The disk image {image} cannot be attached{licence}: {result.err.strip() or result.text}")
        if place not in mounted(parse_plist(result.out).get("system-entities", [])):
            raise ImageError(f"The disk image {image} was attached, but not at {place}.")

    def detach(self, place: str) -> None:
        """Get an image off, by force if somebody still looks into it, and remove the empty directory."""
        text = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                _wait.sleep(2)
            force = ["-force"] if attempt == ATTEMPTS - 1 else []
            text = self._commands.run([HDIUTIL, "detach", *force, place]).text
            if not self.is_attached(place):
                forget_mount_point(place)
                return
        raise ImageError(f"The disk image at {place} cannot be detached: {text}")
