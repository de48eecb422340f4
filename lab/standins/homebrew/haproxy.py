# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The bottle of HAProxy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.standins.homebrew import bottle

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("haproxy",)
# What the formula is at, whatever Debian has inside.
VERSION = "3.3.6"
LIBRARIES = ("liblua5.3.so.0", "libopentracing-c-wrapper.so.0", "libopentracing.so.1")


def build(programs: Path, destination: Path) -> Path:
    """Write the bottle from a directory with the unpacked packages."""
    contents: dict[str, Path | bytes] = {
        f"{bottle.cellar('haproxy', VERSION)}/bin/haproxy": programs / "usr/sbin/haproxy"
    }
    contents |= bottle.libraries(programs, LIBRARIES)
    return bottle.write(destination, "haproxy", VERSION, contents)
