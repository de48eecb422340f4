# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Lanes, each with a lab of its own, that take the next stage whenever they are free."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests import states
from tests.run import changes, junit
from tests.run.stages import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.run.stages import Stage

LANES = ("test", "testb")
"""The labs of two lanes, for the stages that keep a processor busy; two processors carry two of them."""
WAITING_LANE = "testc"
"""The lab of the lane for the stages that mostly wait: the processors would idle if those kept a lane from the rest."""
LABS = (*LANES, WAITING_LANE)
BESIDE = "none"
"""The lane without a lab, whose stages give way to all others."""
_GIVES_WAY = ("nice", "-n", "10")
_GOES_FIRST = ("nice", "-n", "-5")
RESULTS = ROOT / "build/tests"
_TAIL_LINES = 60
_BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Result:
    """How a stage ended."""

    name: str
    outcome: str = "not run"
    """passed, failed or not run."""
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    """Of the stage's own processes; the hosts of a lab are not among them."""
    passed: int = 0
    failed: int = 0
    commit: str = ""
    """What was tested."""


class Lanes:
    """Runs stages side by side until none is left."""

    def __init__(self, stages: Sequence[Stage], ended: Callable[[Result], object] = lambda _: None) -> None:
        self._waiting = list(stages)
        self._tell = ended
        self._results = {stage.name: Result(stage.name) for stage in stages}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._started: dict[str, Stage] = {}
        """Those that have not ended yet."""
        self._ended: set[str] = set()
        self._waited_for = {name for stage in stages for name in stage.after}
        self._commit = changes.tested()
        self._stopped = False
        self._free = threading.Condition()

    def run(self) -> list[Result]:
        """Run all of them and return how each ended, in their order; one that fails stops no other."""
        RESULTS.mkdir(parents=True, exist_ok=True)
        threads = [threading.Thread(target=self._lane, args=(lab,)) for lab in (*LABS, BESIDE)]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self.stop()
            raise
        return list(self._results.values())

    def stop(self) -> None:
        """Start nothing any more, and end what runs."""
        with self._free:
            self._stopped = True
            for process in self._running.values():
                os.killpg(process.pid, signal.SIGTERM)
            self._free.notify_all()

    def _lane(self, lab: str) -> None:
        while stage := self._next(lab):
            if stage.alone:
                down()
            self._end(self._execute(stage, lab))
        if lab != BESIDE:
            down(lab)

    def _next(self, lab: str) -> Stage | None:
        """Return the next stage of a lane that can start; wait where one may be able to later."""
        kind = (lab == WAITING_LANE, lab == BESIDE)
        with self._free:
            while not self._stopped and (mine := [one for one in self._waiting if (one.waits, one.beside) == kind]):
                for stage in mine:
                    missing = [name for name in stage.after if name in self._results and not self._passed(name)]
                    if not missing and self._disturbs(stage):
                        continue
                    if not missing:
                        self._waiting.remove(stage)
                        self._started[stage.name] = stage
                        self._free.notify_all()
                        return stage
                    if self._ended.intersection(missing):
                        self._waiting.remove(stage)
                        self._end(Result(stage.name, failed=1))
                        say(f"{stage.name:<18} not run, for it needs {' and '.join(missing)}")
                        break
                else:
                    self._free.wait()
            return None

    def _disturbs(self, stage: Stage) -> bool:
        """Tell whether the stage, or one that runs now, has to run alone."""
        return bool(self._started) and (stage.alone or any(other.alone for other in self._started.values()))

    def _passed(self, name: str) -> bool:
        return self._results[name].outcome == "passed"

    def _end(self, result: Result) -> None:
        with self._free:
            self._results[result.name] = result
            self._started.pop(result.name, None)
            self._ended.add(result.name)
            self._tell(result)
            self._free.notify_all()

    def _execute(self, stage: Stage, lab: str) -> Result:
        report, log = RESULTS / f"{stage.name}.xml", RESULTS / f"{stage.name}.log"
        report.unlink(missing_ok=True)
        say(f"{stage.name:<18} started {'without a lab' if lab == BESIDE else f'in the lab {lab}'}")
        start = time.monotonic()
        environment = {
            **os.environ,
            "LAB_NAME": lab,
            "PATH": f"{_BIN}:{os.environ['PATH']}",
            **{name: value.format(junit=report) for name, value in stage.environment.items()},
        }
        priority = _GIVES_WAY if stage.beside else _GOES_FIRST if stage.name in self._waited_for else ()
        argv = [word.format(junit=report) if "{junit}" in word else word for word in (*priority, *stage.command)]
        with log.open("wb") as file:
            process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            with self._free:
                self._running[stage.name] = process
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            with self._free:
                del self._running[stage.name]
        seconds = time.monotonic() - start
        if not report.exists():
            junit.write(report, stage.name, seconds, process.returncode)
        passed, failed = junit.read(report)
        outcome = "passed" if process.returncode == 0 and not failed else "failed"
        say(f"{stage.name:<18} {outcome} after {seconds / 60:.1f} minutes")
        if outcome == "failed":
            say(tail(log))
            failed = failed or 1
        return Result(stage.name, outcome, seconds, usage.ru_utime + usage.ru_stime, passed, failed, self._commit)


def down(*labs: str) -> None:
    """Bring labs down, or all: one that nobody uses keeps the processors busy all the same."""
    for lab in labs or LABS:
        states.lab("down", name=lab, check=False)


def tail(log: Path) -> str:
    """Return the last lines of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join([f"--- the last lines of {log.relative_to(ROOT)}:", *lines[-_TAIL_LINES:], "---"])


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)
