# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archives a Mac gets: named and laid out as upstream's for darwin-arm64, with Debian's programs for Linux inside.

A simulated Mac runs Linux programs, so what is configured, checked and queried there is the real thing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab import archives

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("prometheus", "prometheus-alertmanager")
# Release: the programs in it, by their name in Debian.
RELEASES = {
    "prometheus-2.42.0": {"prometheus": "prometheus", "promtool": "promtool"},
    "alertmanager-0.25.0": {"alertmanager": "prometheus-alertmanager", "amtool": "amtool"},
}


def build(programs: Path, destination: Path) -> None:
    """Write the archives from a root file system that holds the programs."""
    for release, members in RELEASES.items():
        folder = f"{release}.darwin-arm64"
        files: dict[str, bytes | Path] = {name: programs / "usr/bin" / debian for name, debian in members.items()}
        # Rarely read and large: compressed as little as possible.
        archives.write_tar(destination / f"{folder}.tar.gz", folder, files, level=1)
