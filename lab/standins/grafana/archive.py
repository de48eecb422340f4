# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archives of the stand-in, named and laid out as those of the release."""

from __future__ import annotations

from pathlib import Path

from lab import archives
from lab.standins.grafana.standin import VERSION

PLATFORMS = ("linux-amd64", "linux-arm64", "darwin-arm64")


def program(system: str) -> bytes:
    """Return the program for an operating system."""
    package = Path(__file__).parent / "standin"
    return archives.python_program(archives.INTERPRETERS[system], package, "grafana_standin", with_yaml=True)


def build(destination: Path) -> None:
    """Write an archive for each platform."""
    for platform in PLATFORMS:
        content = {"bin/grafana": program(platform.partition("-")[0])}
        archives.write_tar(destination / f"grafana-{VERSION}.{platform}.tar.gz", f"grafana-{VERSION}", content)
