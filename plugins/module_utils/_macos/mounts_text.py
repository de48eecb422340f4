# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `mount` of a Mac says: one line for each volume, with its properties in brackets at the end."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINE = re.compile(r"^(?P<device>.+?) on (?P<point>/.*) \((?P<properties>[^()]*)\)$")


@dataclass(frozen=True)
class Mount:
    """A mounted volume."""

    device: str
    point: str
    properties: tuple[str, ...]

    @property
    def is_of_a_person(self) -> bool:
        """Tell whether it is a disk, or a part of one, that Finder shows: none of macOS itself, and no share."""
        own = self.point == "/" or self.point.startswith(("/System/", "/dev/"))
        return not own and "local" in self.properties and "nobrowse" not in self.properties


def parse_mounts(text: str) -> list[Mount]:
    """Return the volumes in the order of mounting; names may contain spaces and brackets."""
    found = (_LINE.match(line) for line in text.splitlines())
    return [
        Mount(one["device"], one["point"], tuple(word.strip() for word in one["properties"].split(",")))
        for one in found
        if one
    ]
