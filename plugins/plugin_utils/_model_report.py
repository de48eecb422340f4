# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The table of models at the end of a run: which one is served by what, as the hosts measured it."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.text import size
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names, numbered
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import shown
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

HEAD = ("model", "backend", "hosts", "format", "revision", "on disk", "memory", "state")
WIDTH = 100
ANSWERS = "model_answers"
"""The kind of check that lets a model answer; every other one looks at its files."""
WRONG = "FALSE"
_WRAPPED = (HEAD.index("model"), HEAD.index("hosts"))
_NARROWEST = 8
_GAP = "  "
_DIGEST = re.compile(r"[0-9a-f]{40,64}")


@dataclass(frozen=True)
class Row:
    """One model."""

    cells: tuple[str, ...]
    why: str

    @property
    def is_wrong(self) -> bool:
        """Whether a line of the report about it is false."""
        return self.cells[-1] == WRONG


def rows(models: Iterable[Mapping[str, Any]], reports: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Row]:
    """Join the table of models with the lines of each host's report."""
    return [_row(model, _lines(model, reports)) for model in models]


def _lines(
    model: Mapping[str, Any], reports: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[tuple[str, Mapping[str, Any]]]:
    return [(host, line) for host in sorted(reports) for line in reports[host] if line.get("model") in model["names"]]


def _row(model: Mapping[str, Any], lines: Sequence[tuple[str, Mapping[str, Any]]]) -> Row:
    values = [line.get("values") or {} for _, line in lines]
    present = model["state"] == "present"
    hosts = _placed(model, values) or model["hosts"]
    memory = model["memory_gigabytes"]
    cells = (
        ", ".join(model["names"]),
        model["backend"],
        ", ".join(hosts) if present else "-",
        model["format"],
        _revision(model, values)[:12] or "-",
        size(max(sizes)) if (sizes := [int(one["bytes"]) for one in values if "bytes" in one]) else "-",
        f"{shown(memory)} GB" if memory else "-",
        _state(model, lines) if present else "absent",
    )
    return Row(cells, f"{_count(model, hosts)}: {model['why']}{_beside_the_card(lines, hosts)}" if present else "")


def _beside_the_card(lines: Sequence[tuple[str, Mapping[str, Any]]], hosts: Sequence[str]) -> str:
    """Say which hosts compute it with their processor, as those measured it that may have a card."""
    slow = [host for host, line in lines if (line.get("values") or {}).get("on_card") == 0]
    whose = "" if set(slow) >= set(hosts) else f" of {enumerate_names(slow)}"
    return f"; on the CPU{whose}" if slow else ""


def _placed(model: Mapping[str, Any], values: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the hosts that the backend itself has spread it over, where it says so."""
    found = {name for one in values for name in one.get("hosts", ())}
    return [name for name in model["hosts"] if name in found]


def _revision(model: Mapping[str, Any], values: Iterable[Mapping[str, Any]]) -> str:
    measured = [str(one["revision"]) for one in values if _DIGEST.fullmatch(str(one.get("revision")))]
    return str(model["source"].get("revision") or (measured or [""])[0])


def _state(model: Mapping[str, Any], lines: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """Say what the lines prove: an answer, or only that the files are there."""
    if not lines:
        return "not asked"
    if not all(line["ok"] for _, line in lines):
        return WRONG
    answering = {host for host, line in lines if line.get("check") == ANSWERS}
    if not answering:
        return "on disk"
    wanted = 1 if BACKENDS[model["backend"]].spreads else len(model["hosts"])
    return "answers" if len(answering) >= wanted else f"answers {len(answering)}/{wanted}"


def _count(model: Mapping[str, Any], hosts: Sequence[str]) -> str:
    all_of_them = len(model["hosts"])
    count = len(hosts) if len(hosts) < all_of_them else model["nodes"]
    if count < all_of_them:
        return f"{count} of {all_of_them} hosts"
    return numbered(count, "host")


def text(found: Sequence[Row], width: int = WIDTH) -> list[tuple[str, bool]]:
    """Return the lines of the table with aligned columns, each with whether it belongs to something that is wrong."""
    widths = _widths([HEAD, *(row.cells for row in found)], width)
    printed = [(line, False) for line in _aligned(HEAD, widths)]
    for row in found:
        why = textwrap.wrap(row.why, width - len(_GAP), break_on_hyphens=False)
        lines = [*_aligned(row.cells, widths), *(f"{_GAP}{line}" for line in why)]
        printed += [(line, row.is_wrong) for line in lines]
    return printed


def _widths(table: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return the width of each column; names and hosts give way, the widest first."""
    widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
    while sum(widths) + len(_GAP) * (len(HEAD) - 1) > width:
        widest = max(_WRAPPED, key=lambda column: widths[column])
        if widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    wrapped = [_wrapped(cell, widths[column]) if column in _WRAPPED else [cell] for column, cell in enumerate(cells)]
    height = max(len(lines) for lines in wrapped)
    padded = [[*lines, *[""] * (height - len(lines))] for lines in wrapped]
    return [
        _GAP.join(lines[at].ljust(width) for lines, width in zip(padded, widths, strict=True)).rstrip()
        for at in range(height)
    ]


def _wrapped(cell: str, width: int) -> list[str]:
    """Break a list of names between them, and a name only where it is longer than a line."""
    words = [word[begin : begin + width] for word in cell.split(" ") for begin in range(0, len(word), width)]
    return textwrap.wrap(" ".join(words), width, break_on_hyphens=False)
