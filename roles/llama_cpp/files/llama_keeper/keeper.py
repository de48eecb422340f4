# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Runs the router as long as it runs, and takes models from it that end again and again.

A program that is killed while it holds much memory of a Mac's GPU may leave it to nobody until the Mac restarts, and
what is started again with less is killed sooner. So nothing is started for ever, and nothing is killed that could end.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

from . import memory, models_file
from .failures import REST_SECONDS, Failures, Starts
from .router import RUNNING, ended

if TYPE_CHECKING:
    from pathlib import Path

    from .router import Router

LOOK_SECONDS = 0.5
# A model that is told to end while it is loaded is killed by the router.
LOADING_SECONDS = 30.0
RELEASE_SECONDS = 10.0


def advice(held: int | None) -> str:
    """Say what helps."""
    if held:
        return f"reboot this Mac, {memory.gigabytes(held)} are held by nobody"
    return f"the log says why; it is tried again in {REST_SECONDS / 60:.0f} minutes, or when its settings change"


class Keeper:
    """Runs until the router ends or it is told to end."""

    def __init__(self, program: list[str], source: Path, home: Path, router: Router) -> None:
        self._program, self._source, self._router = program, source, router
        self._shown, self._status = home / "models.ini", home / "resting.json"
        self._held = memory.Held(home / "wired.json")
        self._starts = Starts(home / "starts.json", memory.boot_session())
        self._failures = Failures()
        self._resting: dict[str, float] = {}
        self._sentences: dict[str, str] = {}
        self._ended: queue.Queue[str] = queue.Queue()
        self._end = threading.Event()
        self._text = ""
        self._stale = False

    def run(self) -> int:
        """Return the exit status of the router."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._end.set())
        self._held.note()
        self._rest_before_start()
        if self._end.is_set():
            self._starts.forget()
            return 0
        self._starts.begin(time.time())
        self._text = self._read()
        models_file.show(self._shown, self._source, ())
        self._tell()
        process = subprocess.Popen(
            self._program, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if process.stdout is None:
            raise AssertionError("a pipe was asked for")
        reader = threading.Thread(target=self._forward, args=(process.stdout,), daemon=True)
        reader.start()
        while process.poll() is None and not self._end.is_set():
            self.look()
            self._end.wait(LOOK_SECONDS)
        told = self._end.is_set()
        if told:
            self._wait_for_loading()
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        status = process.wait()
        reader.join(1)
        if told or status == 0:
            self._starts.forget()
        return status if status >= 0 else 128 - status

    def look(self) -> None:
        """See what changed."""
        self._look_at_file()
        while not self._ended.empty():
            self._note_end(self._ended.get())
        over = [name for name, until in self._resting.items() if time.monotonic() >= until]
        for name in over:
            self._rest_is_over(name)
        if self._stale:
            self._stale = self._router.states(reload=True) is None

    def _forward(self, stream: IO[bytes]) -> None:
        """Pass on what the router says, and note which models have ended."""
        for line in stream:
            with contextlib.suppress(OSError):
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
            if (name := ended(line.decode("utf-8", "replace"))) is not None:
                self._ended.put(name)

    def _read(self) -> str:
        with contextlib.suppress(OSError):
            return self._source.read_text(encoding="utf-8")
        return self._text

    def _look_at_file(self) -> None:
        text = self._read()
        if text == self._text:
            return
        # Something else is wanted: what ended before says nothing about it.
        self._text = text
        self._failures.forget()
        if self._resting:
            self._resting.clear()
            self._sentences.clear()
            self._show()

    def _note_end(self, name: str) -> None:
        if name not in models_file.names(self._text) or name in self._resting:
            return
        if not self._failures.add(name, time.monotonic()):
            return
        self._resting[name] = time.monotonic() + REST_SECONDS
        self._show()
        # At once: a request that waits for it would load it again.
        self._stale = self._router.states(reload=True) is None
        held = self._held_by_nobody()
        if held:
            self._resting[name] = float("inf")
        count = len(self._failures.moments[name])
        self._sentences[name] = f"{name} rests after it has ended {count} times in a short time: {advice(held)}."
        self._tell()

    def _rest_is_over(self, name: str) -> None:
        del self._resting[name]
        self._sentences.pop(name, None)
        self._failures.forget(name)
        self._show()

    def _show(self) -> None:
        with contextlib.suppress(OSError):
            models_file.show(self._shown, self._source, self._resting)
        self._stale = True
        self._tell()

    def _held_by_nobody(self) -> int | None:
        """Return the bytes that a dead process has left, where no model runs whose they could be."""
        if any(state in RUNNING for state in (self._router.states() or {}).values()):
            return None
        deadline = time.monotonic() + RELEASE_SECONDS
        while (held := self._held.by_nobody()) and time.monotonic() < deadline and not self._end.wait(LOOK_SECONDS):
            pass
        return held

    def _rest_before_start(self) -> None:
        until = self._starts.rests_until(time.time())
        if not until:
            return
        held = self._held.by_nobody()
        count = len(self._starts.moments)
        self._sentences["llama.cpp"] = f"llama.cpp rests after {count} starts in a short time: {advice(held)}."
        self._tell()
        while not self._end.is_set() and (held or time.time() < until):
            self._end.wait(LOOK_SECONDS)
        self._sentences.clear()
        self._starts.forget()

    def _wait_for_loading(self) -> None:
        deadline = time.monotonic() + LOADING_SECONDS
        while time.monotonic() < deadline and "loading" in (self._router.states() or {}).values():
            time.sleep(LOOK_SECONDS)

    def _tell(self) -> None:
        """Write what rests, for the log and for whoever looks."""
        sentences = [self._sentences[name] for name in sorted(self._sentences)]
        text = json.dumps({"sentences": sentences}) + "\n"
        with contextlib.suppress(OSError):
            if self._status.exists() and self._status.read_text(encoding="utf-8") == text:
                return
            new = self._status.with_name(f"{self._status.name}.new")
            new.write_text(text, encoding="utf-8")
            new.replace(self._status)
        for sentence in sentences:
            print(sentence, flush=True)
