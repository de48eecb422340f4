# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Holds the port and the workers: one that serves, one that is about to, and those that answer their last requests."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import listening, memory, plan
from . import settings as files

if TYPE_CHECKING:
    from .settings import Revision, Settings

LOOK_SECONDS = 0.25
# A model of hundreds of gigabytes needs a while to be let go.
RELEASE_SECONDS = 10.0


class Worker:
    """A process with a model, as the keeper sees it."""

    def __init__(self, revision: Revision, process: subprocess.Popen[bytes], status: int) -> None:
        self.revision, self.process, self.started = revision, process, time.monotonic()
        self.ready, self.reason, self.ending = False, "", False
        self._status, self._text = status, b""
        os.set_blocking(status, False)

    def read(self) -> None:
        """Take up what it says."""
        with contextlib.suppress(BlockingIOError):
            while content := os.read(self._status, 4096):
                self._text += content
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            words = json.loads(line)
            self.ready = self.ready or words["state"] == "ready"
            self.reason = words.get("reason", self.reason)

    def say(self, word: str) -> None:
        """Tell it something."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.write(f"{word}\n".encode())
                self.process.stdin.flush()

    def ended(self) -> int | None:
        """Return its exit status once it has one."""
        status = self.process.poll()
        if status is not None:
            self.read()
            if not self.reason:
                self.reason = f"killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return status

    def close(self) -> None:
        """Forget it."""
        os.close(self._status)
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


class Keeper:
    """Runs until it is told to end."""

    def __init__(self, settings: Settings, configuration: Path, command: list[str]) -> None:
        self.settings, self._configuration, self._command = settings, configuration, command
        self.serving: Worker | None = None
        self.candidate: Worker | None = None
        self.leaving: list[Worker] = []
        self.refused: set[str] = set()
        self.failures: list[float] = []
        self.starts = self.failed = 0
        self.rests_until = self.starts_at = 0.0
        self.reason = ""
        self._wanted: Revision | None = None
        self._seen: tuple[int, int] | None = None
        self._held = memory.Held(Path(settings.home) / "wired.json")
        self._end = threading.Event()
        self._state = plan.WAIT
        self._held_bytes: int | None = None

    def run(self) -> int:
        """Keep the port."""
        self._held.note()
        listener = listening.open_socket(self.settings.host, self.settings.port)
        self._listen = listener.fileno()
        key = self.settings.api_key()
        substitute = listening.Server(self._listen, lambda *words: listening.Substitute(self.told, key, *words))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._end.set())
        while not self._end.is_set():
            self.look()
            if self._state in (plan.REST, plan.WAIT):
                substitute.begin()
            else:
                substitute.stop()
            self._end.wait(LOOK_SECONDS)
        substitute.stop()
        self._stop()
        return 0

    def look(self) -> None:
        """See what changed, and do one thing about it."""
        self._reap()
        self._look_at_disk()
        step, revision = plan.next_step(self.view())
        if step in (plan.REST, plan.WAIT) and step != self._state:
            self._measure_held()
            self._state = step
            print(self.told()["sentence"], flush=True)
        if step not in (plan.REST, plan.WAIT, plan.NOTHING) or self.serving or self.candidate:
            self._state = step
        if step == plan.START and revision is not None:
            self.serving = self._start(revision, hold=False)
        elif step == plan.START_BESIDE and revision is not None:
            self.candidate = self._start(revision, hold=True)
        elif step == plan.TAKE_OVER and self.candidate is not None:
            print(f"{self.settings.name}: revision {self.candidate.revision.name} takes over", flush=True)
            self.candidate.say("accept")
            self._drain()
            self.serving, self.candidate = self.candidate, None
        elif step == plan.DRAIN:
            self._drain()
        elif step == plan.GIVE_UP and self.candidate is not None:
            self.candidate.reason = f"it did not answer within {self.settings.start_seconds:g} seconds"
            self.candidate.process.kill()

    def view(self) -> plan.View:
        """Return what is there."""
        candidate = self.candidate
        late = candidate is not None and time.monotonic() - candidate.started > self.settings.start_seconds
        fits = self._wanted is not None and memory.fits_beside(self._wanted.size, memory.available())
        return plan.View(
            now=time.monotonic(),
            wanted=self._wanted,
            before=files.before(self.settings) if self.refused else None,
            serving=self.serving.revision.name if self.serving else None,
            candidate=candidate.revision.name if candidate else None,
            candidate_ready=candidate.ready if candidate else False,
            candidate_late=late,
            leaving=bool(self.leaving),
            fits=fits,
            refused=frozenset(self.refused),
            rests_until=self.rests_until,
            starts_at=self.starts_at,
        )

    def told(self) -> dict[str, Any]:
        """Return what the keeper knows, for the health check and for metrics."""
        name, resting = self.settings.name, time.monotonic() < self.rests_until
        if resting and self._held_bytes:
            advice = f"reboot this Mac, {memory.gigabytes(self._held_bytes)} are held by nobody"
        else:
            advice = f"it is tried again later; the last reason was: {self.reason}"
        if resting:
            sentence = f"{name} rests after {len(self.failures)} failures in a short time: {advice}."
        elif self._wanted is None:
            sentence = f"{name} is not on this host yet: {self.settings.manifest} does not name a whole model."
        else:
            sentence = f"{name} is started again in a moment; the last reason was: {self.reason}."
        return {
            "status": "resting" if resting else "waiting",
            "model": name,
            "sentence": sentence,
            **self._numbers(),
        }

    def _numbers(self) -> dict[str, Any]:
        return {
            "resting": time.monotonic() < self.rests_until,
            "starts": self.starts,
            "failures": self.failed,
            "fallback": bool(self.refused),
            "reason": self.reason,
            "held_bytes": self._held_bytes,
        }

    def _start(self, revision: Revision, *, hold: bool) -> Worker:
        self.starts += 1
        read, write = os.pipe()
        words = [
            *self._command,
            *("--configuration", str(self._configuration)),
            *("--revision", json.dumps(asdict(revision))),
            *("--listen", str(self._listen)),
            *("--status", str(write)),
            *("--keeper", json.dumps(self._numbers())),
            *(["--hold"] if hold else []),
        ]
        process = subprocess.Popen(words, stdin=subprocess.PIPE, pass_fds=(self._listen, write))
        os.close(write)
        print(f"{self.settings.name}: revision {revision.name} is loaded{' beside' if hold else ''}", flush=True)
        return Worker(revision, process, read)

    def _drain(self) -> None:
        if self.serving is not None:
            self.serving.ending = True
            self.serving.say("drain")
            self.leaving.append(self.serving)
            self.serving = None

    def _reap(self) -> None:
        for worker in [one for one in (self.serving, self.candidate, *self.leaving) if one is not None]:
            worker.read()
            if worker is self.serving and worker.ready:
                self.refused.discard(worker.revision.name)
            if worker.ended() is None:
                continue
            worker.close()
            if worker in self.leaving:
                self.leaving.remove(worker)
                continue
            self._failed(worker)
            if worker is self.serving:
                self.serving = None
            else:
                self.candidate = None

    def _failed(self, worker: Worker) -> None:
        now, name = time.monotonic(), worker.revision.name
        self.reason, self.failed = worker.reason, self.failed + 1
        print(f"{self.settings.name}: revision {name} failed: {worker.reason}", flush=True)
        if not worker.ready:
            self.refused.add(name)
        if worker is self.candidate:
            return
        self.failures = [moment for moment in self.failures if now - moment <= self.settings.crash_seconds] + [now]
        self._measure_held()
        if plan.rests(self.failures, now, self.settings.crash_starts, self.settings.crash_seconds):
            self.rests_until = now + (float("inf") if self._held_bytes else self.settings.rest_seconds)
        else:
            self.starts_at = now + plan.backoff(self.failures, now, self.settings.crash_seconds)

    def _look_at_disk(self) -> None:
        with contextlib.suppress(OSError):
            status = self.settings.manifest.stat()
            seen = (status.st_mtime_ns, status.st_ino)
            if seen == self._seen:
                return
            found = files.wanted(self.settings)
            if found is None:
                return
            self._seen = seen
            if self._wanted is not None and found.name != self._wanted.name:
                # Something else is wanted: what failed before says nothing about it.
                self.refused.clear()
                self.failures.clear()
                self.rests_until = self.starts_at = 0.0
            self._wanted = found

    def _measure_held(self) -> None:
        if self.serving is None or self.serving.process.poll() is not None:
            deadline = time.monotonic() + RELEASE_SECONDS
            while (held := self._held.by_nobody()) and time.monotonic() < deadline:
                time.sleep(0.5)
            self._held_bytes = held

    def _stop(self) -> None:
        """End every worker, and wait until their memory is let go: killed hard, a Mac would keep it."""
        workers = [one for one in (self.serving, self.candidate, *self.leaving) if one is not None]
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):
                worker.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + self.settings.stop_seconds
        while any(worker.process.poll() is None for worker in workers) and time.monotonic() < deadline:
            time.sleep(0.05)
        for worker in workers:
            if worker.process.poll() is None:
                print(f"{self.settings.name}: a worker does not end and is killed", file=sys.stderr, flush=True)
                worker.process.kill()
                worker.process.wait()
        self.serving = None
        self._measure_held()
