# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a run does now and has done, from the events of ansible-runner."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PREPARATION, REPORT = "preparation", "report"
"""The steps before the first capability, and after the last."""
_REPORTING = "verify"
_COLORS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_ERROR = "[ERROR]"
_RESULTS = {
    "runner_on_ok": "ok",
    "runner_on_skipped": "skipped",
    "runner_on_failed": "failed",
    "runner_on_unreachable": "unreachable",
}


@dataclass
class HostState:
    """How far a host is."""

    tasks: int = 0
    changed: int = 0
    running: str = ""
    """The task that it is at."""
    state: str = "ok"
    """ok, failed or unreachable."""


@dataclass(frozen=True)
class Failure:
    """A task that failed on a host."""

    host: str
    task: str
    step: str
    text: str
    """What Ansible prints of it."""


@dataclass
class Progress:
    """One run. Events come from another thread than the one that draws."""

    hosts: dict[str, HostState]
    steps: Sequence[str]
    """The names of the capabilities, in their order."""
    expected: Mapping[str, float]
    """The seconds that each step took the last time; nothing where that is not known."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    step: str = PREPARATION
    task: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    """What the steps that have ended took."""
    changes: dict[str, int] = field(default_factory=dict)
    """The changes of each step."""
    failures: list[Failure] = field(default_factory=list)
    stats: dict[str, dict[str, int]] | None = None
    """What Ansible counted at the end: none without an end."""
    last_words: str = ""
    """What was printed beside all tasks: the first error, else the last line."""
    started: float = field(default_factory=time.monotonic)
    since: float = field(default_factory=time.monotonic)
    """When the step of now began."""

    def note(self, event: Mapping[str, Any]) -> None:
        """Take an event."""
        with self.lock:
            self._note(str(event.get("event")), event.get("event_data") or {}, str(event.get("stdout") or ""))

    def _note(self, kind: str, data: Mapping[str, Any], text: str) -> None:
        host = self.hosts.get(str(data.get("host")))
        if kind == "playbook_on_task_start":
            self.task = str(data.get("task") or "")
            self._enter(str(data.get("role") or "").rpartition(".")[2])
        elif kind == "runner_on_start" and host:
            host.running = str(data.get("task") or "")
        elif kind in _RESULTS:
            self._end(_RESULTS[kind], data, text)
        elif kind == "playbook_on_stats":
            names = ("processed", "ok", "changed", "failures", "dark", "rescued", "ignored")
            self.stats = {name: dict(data.get(name) or {}) for name in names}
        if kind in ("verbose", "error"):
            said = _COLORS.sub("", text).strip()
            # Where an error stands in its file follows it, and is no word about it.
            if said and not self.last_words.startswith(_ERROR):
                self.last_words = said

    def _enter(self, role: str) -> None:
        """Go on to the step of a role; building blocks belong to the one that calls them."""
        step = REPORT if role == _REPORTING else role if role in self.steps else self.step
        if step != self.step:
            self._leave()
            self.step = step

    def _leave(self) -> None:
        now = time.monotonic()
        self.seconds[self.step] = self.seconds.get(self.step, 0.0) + now - self.since
        self.since = now

    def _end(self, result: str, data: Mapping[str, Any], text: str) -> None:
        name = str(data.get("host"))
        host = self.hosts.get(name)
        is_changed = bool((data.get("res") or {}).get("changed")) and result == "ok"
        if host:
            host.running = ""
            host.tasks += 1
            host.changed += is_changed
            # Who goes on after a failure was rescued.
            host.state = "ok"
        if is_changed:
            self.changes[self.step] = self.changes.get(self.step, 0) + 1
        if result in ("failed", "unreachable") and not data.get("ignore_errors"):
            if host:
                host.state = result
            self.failures.append(Failure(name, str(data.get("task") or ""), self.step, _COLORS.sub("", text).strip()))

    def finish(self) -> None:
        """Note the end."""
        with self.lock:
            self._leave()

    @property
    def elapsed(self) -> float:
        """The seconds since it began."""
        return time.monotonic() - self.started

    @property
    def share(self) -> float | None:
        """How much of it is done, from 0 to 1, if it takes as long as the last time; None where that is not known."""
        total = sum(self.expected.values())
        if total <= 0:
            return None
        with self.lock:
            ended = sum(
                seconds for step, seconds in self.expected.items() if step in self.seconds and step != self.step
            )
            now = min(
                time.monotonic() - self.since + self.seconds.get(self.step, 0.0), self.expected.get(self.step, 0.0)
            )
        # It is done when it has ended, not before.
        return min((ended + now) / total, 0.99)

    @property
    def under_way(self) -> dict[str, str]:
        """The task of each host that is at one."""
        with self.lock:
            return {name: host.running for name, host in self.hosts.items() if host.running}

    def first_failure(self) -> Failure | None:
        """Return the first that ended a host: of each, that is the last, for what a rescue caught ended nothing."""
        last = {failure.host: place for place, failure in enumerate(self.failures)}
        if self.stats is not None:
            bad = {*self.stats["failures"], *self.stats["dark"]}
            last = {host: place for host, place in last.items() if host in bad}
        return self.failures[min(last.values())] if last else None
