# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What reaches the terminal: text without control characters, or JSON in ASCII.

Rich is imported where something is drawn: the gateway, which collects the same documents, has none.
"""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any, Literal

from hybrid_cluster.command import exits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

GOOD, BAD, UNSURE, FAINT = "green", "bold red", "yellow", "dim"
UNKNOWN = "unknown"

# C0 without the line feed, DEL and C1: what a terminal obeys instead of showing it.
_CONTROLS = dict.fromkeys([*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0)])


def clean(text: object) -> str:
    """Return a text that shows what it says and moves, colours or copies nothing, whoever wrote it."""
    return str(text).translate(_CONTROLS)


def words(text: object, style: str = "") -> Text:
    """Return a text for the console, in which no bracket means anything."""
    from rich.text import Text

    return Text(clean(text), style=style)


def console() -> Console:
    """Return standard output: with colours for a terminal, without for a pipe."""
    from rich.console import Console

    class OfAPerson(Console):
        def on_broken_pipe(self) -> None:
            """End without a word where the reader has enough, which is no failure."""
            try:
                super().on_broken_pipe()
            except SystemExit:
                raise SystemExit(exits.OK) from None

    return OfAPerson(highlight=False, markup=False, emoji=False)


def show_json(document: Any) -> None:
    """Print a document for programs: one line, in which every control character is escaped."""
    # JSON leaves DEL as it is.
    print(json.dumps(document).replace("\x7f", "\\u007f"), flush=True)


def say(text: object) -> None:
    """Print a sentence: within the width of a terminal, and in a pipe as one line."""
    where = console()
    where.print(words(text), soft_wrap=not where.is_terminal)


def say_error(error: object) -> None:
    """Print the one line of a failure."""
    print(f"cluster: {' '.join(clean(error).split())}", file=sys.stderr, flush=True)


def table(*headings: str, right: Iterable[int] = ()) -> Table:
    """Return a table without lines, whose last column gives way where the terminal is narrow."""
    from rich.table import Table

    found = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style=FAINT)
    for place, heading in enumerate(headings):
        last = place == len(headings) - 1
        justify: Literal["left", "right"] = "right" if place in right else "left"
        found.add_column(heading, justify=justify, no_wrap=not last, overflow="fold" if last else "ellipsis")
    return found


def grid() -> Table:
    """Return two columns without a heading."""
    from rich.table import Table

    found = Table.grid(padding=(0, 2, 0, 0))
    found.add_column(no_wrap=True)
    found.add_column()
    return found


def gigabytes(size: float | None) -> str:
    """Write bytes in units of 2^30."""
    if size is None:
        return UNKNOWN
    value = size / 2**30
    return f"{value:.0f} GB" if value >= 100 else f"{value:.1f} GB".replace(".0 GB", " GB")


def bits(rate: float) -> str:
    """Write the speed of a link."""
    return f"{rate / 1e9:g} Gbit/s"


def bytes_a_second(rate: float) -> str:
    """Write what goes over a link."""
    for unit, size in (("GB/s", 1e9), ("MB/s", 1e6), ("kB/s", 1e3)):
        if rate >= size:
            return f"{rate / size:.1f} {unit}"
    return f"{rate:.0f} B/s"


def ago(moment: float | None) -> str:
    """Write how long ago something was."""
    if moment is None:
        return UNKNOWN
    return span(time.time() - moment)


def until(moment: float | None) -> str:
    """Write in how long something will be."""
    return UNKNOWN if moment is None else f"in {span(moment - time.time())}"


def span(seconds: float | None) -> str:
    """Write how long something takes."""
    if seconds is None:
        return UNKNOWN
    seconds = max(0.0, seconds)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def shortened(text: str, width: int) -> str:
    """Cut a text that is too long, and show that it was."""
    return text if len(text) <= width else f"{text[: width - 3]}..."


def folded(names: Iterable[str]) -> str:
    """Write many names short: mini1, mini2, mini3 and mini9 are mini1-3, mini9."""
    runs: list[list[tuple[str, int | None]]] = []
    for name in sorted(set(names), key=natural):
        stem, number = _parts(name)
        last = runs[-1][-1] if runs else None
        follows = last and number is not None and last[0] == stem and last[1] == number - 1
        # Leading zeros are part of a name: 09 is not followed by 10.
        if follows and name == f"{stem}{number}":
            runs[-1].append((stem, number))
        else:
            runs.append([(stem, number) if name == f"{stem}{number}" or number is None else (name, None)])
    return ", ".join(_run(run) for run in runs)


def _parts(name: str) -> tuple[str, int | None]:
    stem = name.rstrip("0123456789")
    return (stem, int(name[len(stem) :])) if stem != name and stem else (name, None)


def _run(run: list[tuple[str, int | None]]) -> str:
    (stem, first), (_, last) = run[0], run[-1]
    if first is None:
        return stem
    return f"{stem}{first}" if first == last else f"{stem}{first}-{last}"


def natural(name: str) -> tuple[str, int]:
    """Return what names are sorted by, so that mini10 follows mini9."""
    stem, number = _parts(name)
    return stem, -1 if number is None else number
