# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a person reads: first what is wrong, by host, then what is worth knowing, then how much is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.padding import Padding

from hybrid_cluster.command import output
from hybrid_cluster.command.output import BAD, FAINT, GOOD, UNSURE, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType


def render(document: dict[str, Any]) -> RenderableType:
    """Draw it for a terminal of 80 columns."""
    parts: list[RenderableType] = []
    parts += _findings(document["wrong"], BAD)
    if document["notes"]:
        parts += [words("Worth knowing", FAINT), *_findings(document["notes"], UNSURE)]
    if document["asleep"]:
        text = f"Asleep or off, and not looked at: {output.folded(document['asleep'])}; --wake wakes them."
        parts.append(words(text, UNSURE))
    parts += [words(f"Not looked at: {reason}.", UNSURE) for reason in document["not_looked_at"]]
    parts.append(_count(document))
    return Group(*parts)


def _findings(findings: Sequence[dict[str, Any]], style: str) -> list[RenderableType]:
    parts: list[RenderableType] = []
    for hosts in dict.fromkeys(tuple(one["hosts"]) for one in findings):
        parts.append(words(output.folded(hosts)))
        for one in findings:
            if tuple(one["hosts"]) == hosts:
                parts += _finding(one, style)
        parts.append(words(""))
    return parts


def _finding(one: dict[str, Any], style: str) -> list[RenderableType]:
    expected = f" (expected {one['expected']})" if one["expected"] else ""
    parts = [words(f"{one['what']}: {one['measured']}{expected}", style)]
    if one["fix"]:
        parts.append(words(f"-> {one['fix']}"))
    if one["meaning"]:
        parts.append(words(one["meaning"], FAINT))
    return [Padding(part, (0, 0, 0, 2), expand=False) for part in parts]


def _count(document: dict[str, Any]) -> RenderableType:
    wrong, right = len(document["wrong"]), sum(document["right"].values())
    hosts = [host for host, count in document["right"].items() if count]
    on = f" on {output.shortened(output.folded(hosts), 50)}" if hosts else ""
    found = "nothing is wrong" if not wrong else f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong"
    return words(f"{found}; {right} {'is' if right == 1 else 'are'} right{on}", BAD if wrong else GOOD)
