# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A run on a terminal as it goes on, and in a pipe a line for each step that has ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

from hybrid_cluster.command import output
from hybrid_cluster.command.output import BAD, FAINT, GOOD, UNSURE, words

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from hybrid_cluster.command.apply.progress import HostState, Progress

_MOST_LISTED = 12
_BAR = 40


def duration(seconds: float) -> str:
    """Write minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def draw(progress: Progress) -> RenderableType:
    """Draw what happens now."""
    with progress.lock:
        hosts = {name: HostView.of(host) for name, host in progress.hosts.items()}
        step, task = progress.step, progress.task
    lines: list[RenderableType] = [_bar(progress), words(f"{step}: {task}" if task else step)]
    if len(hosts) <= _MOST_LISTED:
        table = output.table("host", "tasks", "changed", "", right=(1, 2))
        for name, view in hosts.items():
            table.add_row(words(name), words(view.tasks), words(view.changed), words(view.now, view.style))
        lines.append(table)
    else:
        counts = Counter(view.kind for view in hosts.values())
        lines.append(words(", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))))
    return Group(*lines)


def _bar(progress: Progress) -> RenderableType:
    share, elapsed = progress.share, duration(progress.elapsed)
    if share is None:
        return words(f"{elapsed}, the first run of its kind: how long it takes is not known", FAINT)
    row = Table.grid(padding=(0, 1))
    total = duration(sum(progress.expected.values()))
    row.add_row(
        ProgressBar(total=1, completed=share, width=_BAR), words(f"{share:.0%}, {elapsed} of {total} the last time")
    )
    return row


class HostView:
    """A host on the screen."""

    def __init__(self, host: HostState) -> None:
        self.tasks, self.changed = host.tasks, host.changed
        self.kind = host.state if host.state != "ok" else "at work" if host.running else "waiting"
        self.now = host.running if self.kind == "at work" else self.kind
        self.style = BAD if host.state != "ok" else GOOD if host.running else FAINT

    @classmethod
    def of(cls, host: HostState) -> HostView:
        """Return what is shown of it."""
        return cls(host)


class Screen:
    """Where a run is shown: on a terminal, in a pipe, or nowhere, where a program reads the end of it."""

    def __init__(self, console: Console, progress: Progress, *, is_silent: bool) -> None:
        self._console = console
        self._progress = progress
        self._is_silent = is_silent
        self._live: Live | None = None
        self._told: set[str] = set()
        if console.is_terminal and not is_silent:
            self._live = Live(draw(progress), console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Screen:
        """Begin to draw."""
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the place to what comes at the end."""
        if self._live:
            self._live.stop()
        self._tell(last=True)

    def look(self) -> None:
        """Show what has happened since."""
        if self._live:
            self._live.update(draw(self._progress), refresh=True)
        else:
            self._tell()

    def _tell(self, *, last: bool = False) -> None:
        if self._is_silent or self._live:
            return
        with self._progress.lock:
            ended = [step for step in self._progress.seconds if last or step != self._progress.step]
            for step in ended:
                if step not in self._told:
                    self._told.add(step)
                    count = self._progress.changes.get(step, 0)
                    changes = f"{count} {'change' if count == 1 else 'changes'}" if count else "nothing changed"
                    line = f"{step}: {changes}, {duration(self._progress.seconds[step])}"
                    self._console.print(words(line, UNSURE if count else ""))
