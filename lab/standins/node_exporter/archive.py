# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archive of the stand-in, named as the release it stands for."""

from __future__ import annotations

from pathlib import Path

from lab import archives

FOLDER = "node_exporter-1.11.1.darwin-arm64"


def build(destination: Path) -> None:
    """Write the archive."""
    program = archives.python_program(
        archives.INTERPRETERS["darwin"], Path(__file__).parent / "standin", "node_exporter_standin"
    )
    archives.write_tar(destination / f"{FOLDER}.tar.gz", FOLDER, {"node_exporter": program})
