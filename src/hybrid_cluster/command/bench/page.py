# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a person reads of a run, in 80 columns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Group

from hybrid_cluster.command import output
from hybrid_cluster.command.output import BAD, FAINT, GOOD, UNSURE, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType


def render(document: dict[str, Any]) -> RenderableType:
    """Draw all tables that have rows."""
    parts: list[RenderableType] = []
    tables = (
        (
            _api,
            "api",
            "API, milliseconds of a request over a kept connection; cold: the first, over a new one",
        ),
        (_links, "links", "Round trips, milliseconds"),
        (_models, "models", "Models; cold: the first request, which may load the model"),
        (_backends, "backends", "The fastest of each backend"),
        (_changes, "changes", _since(document)),
    )
    for draw, key, title in tables:
        if document.get(key):
            parts += [words(title, FAINT), *draw(document[key]), words("")]
    if document.get("changes") == []:
        parts.append(words("The two runs have nothing in common.", UNSURE))
    parts.append(words(f"Kept in {document['kept']}", FAINT))
    return Group(*parts)


def _since(document: dict[str, Any]) -> str:
    moment = document.get("compared_with")
    return f"Since {time.strftime('%Y-%m-%d %H:%M', time.localtime(moment))}" if moment else ""


def number(value: float | None) -> str:
    """Write three digits that mean something."""
    if value is None:
        return output.UNKNOWN
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 else f"{value:.1g}"


def _five(figures: dict[str, Any]) -> list[str]:
    return [number(figures[name]) for name in ("min", "median", "mean", "p95", "max")]


def _api(rows: Sequence[dict[str, Any]]) -> list[RenderableType]:
    table = output.table("host", "api", "cold", "min", "med", "mean", "p95", "max", "lists/s", right=range(2, 9))
    silent: list[RenderableType] = []
    for row in rows:
        if row["silence"] or not row["warm_ms"]:
            silent.append(words(f"{row['host']}: {row['what']}: {row['silence'] or 'nothing measured'}", UNSURE))
            continue
        lists = number(row["listing"]["requests_per_second"]) if row["listing"] else ""
        cells = [row["host"], row["what"], number(row["cold_ms"]), *_five(row["warm_ms"]), lists]
        table.add_row(*(words(cell) for cell in cells))
    return [*([table] if table.row_count else []), *silent]


def _links(rows: Sequence[dict[str, Any]]) -> list[RenderableType]:
    table = output.table("from", "to", "medium", "min", "med", "p95", "max", "jitter", "lost", right=range(3, 9))
    silent = []
    for row in rows:
        if not row["ms"]:
            silent.append(words(f"{row['from']} to {row['to']} by {row['medium']}: {row['silence']}", UNSURE))
            continue
        times = [number(row["ms"][name]) for name in ("min", "median", "p95", "max")]
        jitter = output.UNKNOWN if row["jitter_ms"] is None else number(row["jitter_ms"])
        cells = [row["from"], row["to"], row["medium"], *times, jitter, f"{row['lost']} of {row['sent']}"]
        table.add_row(*(words(cell) for cell in cells))
    return [*([table] if table.row_count else []), *silent]


def _models(rows: Sequence[dict[str, Any]]) -> list[RenderableType]:
    table = output.table(
        *("model", "by", "at once", "cold s", "first s", "p95 s", "tok/s", "each", "tok/J"), right=range(2, 9)
    )
    silent: list[RenderableType] = []
    for row in rows:
        if row["silence"] or not row["first_token_seconds"]:
            silent.append(words(f"{row['model']} by {row['by']}: {row['silence'] or 'no answer'}", UNSURE))
            continue
        each, first = row["tokens_per_second_of_one"], row["first_token_seconds"]
        cells = [
            *(row["model"], row["by"], row["at_once"], number(row["cold_first_token_seconds"])),
            *(number(first["median"]), number(first["p95"]), number(row["tokens_per_second"])),
            number(each["median"]) if each else "",
            number(row["tokens_per_joule"]) if row["tokens_per_joule"] else "",
        ]
        table.add_row(*(words(cell) for cell in cells))
        if row["failed"]:
            silent.append(words(f"{row['model']} by {row['by']}: {row['failed']} requests failed", BAD))
    parts: list[RenderableType] = [table] if table.row_count else []
    if any(row["counted_by_backend"] is False for row in rows):
        parts.append(words("Where a backend does not count tokens, pieces of text are counted.", FAINT))
    return [*parts, *silent]


def _backends(rows: Sequence[dict[str, Any]]) -> list[RenderableType]:
    table = output.table("at once", "backend", "tok/s", "tok/J", "model", right=(0, 2, 3))
    for row in rows:
        joule = number(row["tokens_per_joule"]) if row["tokens_per_joule"] else ""
        cells = [row["at_once"], row["backend"], number(row["tokens_per_second"]), joule, row["model"]]
        table.add_row(*(words(cell) for cell in cells))
    return [table]


def _changes(rows: Sequence[dict[str, Any]]) -> list[RenderableType]:
    table = output.table("before", "now", "change", "what", right=(0, 1, 2))
    for row in rows:
        style = "" if abs(row["percent"]) < 10 else GOOD if row["better"] else BAD
        change = words(f"{row['percent']:+.1f} %", style)
        table.add_row(words(number(row["before"])), words(number(row["now"])), change, words(" ".join(row["what"])))
    return [table]
