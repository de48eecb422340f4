# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a run says at its end, and what docs/proof.md keeps of the whole matrix."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from lab.status import table
from tests.run import changes
from tests.run.stages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.run.lanes import Result

PROOF = ROOT / "docs/proof.md"
BEGIN = "<!-- written by make test-all: begin -->\n"
END = "<!-- written by make test-all: end -->\n"
_HEAD = ("STAGE", "MINUTES", "CPU SECONDS", "PASSED", "FAILED")


def report(results: list[Result], left: list[str], seconds: float) -> str:
    """Return the table, the slowest stage first, and what was left out."""
    rows = [(*_row(result), "" if result.outcome == "passed" else result.outcome.upper()) for result in _order(results)]
    lines = ["", *table([(*_HEAD, ""), *rows]), "", _when(seconds)]
    if left:
        lines.append(f"left for the next landings: {', '.join(left)}")
    return "\n".join([*lines, _counted(results)])


def note(results: list[Result], seconds: float, page: Path = PROOF) -> None:
    """Put the table of the whole matrix between the marks of a page: each stage with its outcome and commit.

    A stage that has not run keeps the row that it had, which names the commit that was tested then.
    """
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} lacks the lines {BEGIN.strip()} and {END.strip()}.")
    head = (*(word.lower() for word in _HEAD), "outcome", "commit")
    rule = ("---", *["---:"] * (len(_HEAD) - 1), "---", "---")
    had = _rows(old)
    rows = [(*_row(result), result.outcome, result.commit) for result in results]
    rows = [had.get(row[0], row) if row[-2] == "not run" else row for row in rows]
    rows.sort(key=lambda row: -float(row[1]))
    lines = [f"| {' | '.join(row)} |" for row in (head, rule, *rows)]
    missing = sum(row[-2] != "passed" for row in rows)
    stages = f"{missing} of {len(rows)} stages have not passed" if missing else "every stage has passed"
    counted = " and ".join(f"{sum(int(row[place]) for row in rows)} {_HEAD[place].lower()}" for place in (3, 4))
    text = "\n".join([*lines, "", f"{_when(seconds)}; {counted}; {stages}."])
    page.write_text(f"{before}{begin}\n{text}\n\n{end}{after}", encoding="utf-8")


def minutes(page: Path = PROOF) -> dict[str, float]:
    """Return what each stage of the whole matrix took, by the table that `note` wrote."""
    table = page.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    return {name: float(row[1]) for name, row in _rows(table).items() if float(row[1])}


def _rows(table: str) -> dict[str, tuple[str, ...]]:
    """Return the rows of a table of the page, by stage."""
    found = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in table.splitlines() if "|" in line]
    return {row[0]: row for row in found[2:]}


def _order(results: list[Result]) -> list[Result]:
    return sorted(results, key=lambda result: -result.seconds)


def _row(result: Result) -> tuple[str, ...]:
    minutes = f"{result.seconds / 60:.1f}"
    return result.name, minutes, f"{result.cpu_seconds:.0f}", str(result.passed), str(result.failed)


def _when(seconds: float) -> str:
    today = datetime.datetime.now(tz=datetime.UTC)
    return f"{today:%Y-%m-%d}, commit {changes.tested()}: {seconds / 60:.1f} minutes"


def _counted(results: list[Result]) -> str:
    passed, failed = (sum(getattr(result, name) for result in results) for name in ("passed", "failed"))
    return f"{passed} passed, {failed} failed"
