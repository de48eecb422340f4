# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m tests.run.turn`: note that what is checked out has landed, and which stages its `make test` left out."""

from __future__ import annotations

import subprocess

from tests.run import changes
from tests.run.__main__ import chosen
from tests.run.stages import ROOT

TEXT = """\
---
# Written by `make turn`. `make test` runs what has not run in two landings, then the scenarios whose role or blocks
# have changed since the last one, then what has waited longest, as far as the time goes; so each stage runs at least
# once in three landings.
landed: {landed}
# In how many landings in a row these have not run.
left:{left}
"""


def main() -> None:
    """Write the file anew, unless it was done for this commit already."""
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    landed, before = changes.landed()
    if landed != head:
        changes.TURN.write_text(text(head, before, chosen(everything=False)[1]), encoding="utf-8")


def text(landed: str, before: dict[str, int], left: list[str]) -> str:
    """Return the content of the file after a landing that left some stages out."""
    counted = "".join(f"\n  {name}: {before.get(name, 0) + 1}" for name in sorted(left))
    return TEXT.format(landed=landed, left=counted or " {}")


if __name__ == "__main__":
    main()
