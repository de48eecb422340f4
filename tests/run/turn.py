# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m tests.run.turn`: note that what is checked out now has landed."""

from __future__ import annotations

import subprocess

from tests.run import changes
from tests.run.stages import ROOT, THIRDS

TEXT = """\
---
# Written by `make turn`. `make test` runs the scenarios whose role or blocks have changed since the last landing, and
# of the others the third whose turn it is; so each runs at least once in three landings.
landed: {landed}
turn: {turn}
"""


def main() -> None:
    """Write the file anew, one turn further, unless it was done for this commit already."""
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    landed, turn = changes.landed() if changes.TURN.exists() else ("", -1)
    if landed != head:
        changes.TURN.write_text(TEXT.format(landed=head, turn=(turn + 1) % THIRDS), encoding="utf-8")


if __name__ == "__main__":
    main()
