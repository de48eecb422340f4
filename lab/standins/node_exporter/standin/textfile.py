# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The text-file collector: what other programs left in a directory."""

from __future__ import annotations

from pathlib import Path


def read(directory: str) -> list[str]:
    """Return the lines of every file, and when each was written."""
    if not directory:
        return []
    lines, times, failed = [], [], 0
    for path in sorted(Path(directory).glob("*.prom")):
        try:
            lines += path.read_text(encoding="utf-8").splitlines()
            times.append(f'node_textfile_mtime_seconds{{file="{path}"}} {path.stat().st_mtime}')
        except OSError:
            failed = 1
    head = ["# TYPE node_textfile_mtime_seconds gauge", *times, "# TYPE node_textfile_scrape_error gauge"]
    return [*lines, *head, f"node_textfile_scrape_error {failed}"]
