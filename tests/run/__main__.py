# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m tests.run`: run the stages, print the table, and end with 1 where one failed."""

from __future__ import annotations

import argparse
import signal
import sys
import time

from tests import states
from tests.run import changes
from tests.run.kept import Kept
from tests.run.lanes import RESULTS, Lanes, down, say
from tests.run.stages import Stage, all_stages, scenarios, select
from tests.run.summary import minutes, note, report


def main() -> int:
    """Run what the command line asks for."""
    options = parser().parse_args()
    stages, left = chosen(everything=options.all)
    kept = Kept(everything=options.all)
    wanted = kept.not_passed(stages) if options.again else starting_at(stages, options.begin)
    if not options.again and not options.begin:
        states.forget_all()
        kept.forget()
    start = time.monotonic()
    # Whatever ends the run ends its stages too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        results = Lanes(wanted, kept.add).run()
    finally:
        down()
    seconds = time.monotonic() - start
    kept.took(seconds)
    text = report(results, left, seconds)
    (RESULTS / "table.txt").write_text(text + "\n", encoding="utf-8")
    say(text)
    if options.all:
        note(kept.of(stages), kept.seconds)
    if any(result.outcome != "passed" for result in results):
        return 1
    states.forget_all()
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(prog="python -m tests.run", description=__doc__)
    top.add_argument("--all", action="store_true", help="the whole matrix instead of what one landing runs")
    some = top.add_mutually_exclusive_group()
    some.add_argument("--from", dest="begin", default="", metavar="STAGE", help="leave out the stages before this one")
    some.add_argument("--again", action="store_true", help="only the stages that have not passed yet")
    return top


def chosen(*, everything: bool) -> tuple[list[Stage], list[str]]:
    """Return the stages to run, and the names of those that are left for later landings."""
    stages = all_stages(everything=everything)
    if everything:
        return stages, []
    commit, left = changes.landed()
    files = changes.changed_files(commit)
    changed = changes.concerned(scenarios(), files) | changes.touched(stages, files)
    return select(stages, changed, left, minutes())


def starting_at(stages: list[Stage], name: str) -> list[Stage]:
    """Return the stages from one on; the saved labs of the run before are there for them."""
    names = [stage.name for stage in stages]
    if name and name not in names:
        sys.exit(f"There is no stage {name}; there are: {', '.join(names)}.")
    return stages[names.index(name) :] if name else stages


if __name__ == "__main__":
    sys.exit(main())
