# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is left to say of an upgrade: who is done, who is left, and how it goes on after a failure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rich.console import Group

from hybrid_cluster.command import exits, output
from hybrid_cluster.command.apply import end
from hybrid_cluster.command.apply.screen import duration
from hybrid_cluster.command.output import BAD, GOOD, words
from hybrid_cluster.command.upgrade.turn import DONE, LEFT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from hybrid_cluster.command.upgrade.turn import Turn


def line(turn: Turn) -> str:
    """Return the line of hosts that are upgraded."""
    changed = sum(len(tasks) for tasks in ((turn.run or {}).get("changed") or {}).values())
    what = f"{changed} {'change' if changed == 1 else 'changes'}" if changed else "nothing changed"
    tokens = f", a token of {', '.join(turn.proved_models)}" if turn.proved_models else ""
    return f"{turn.name}: upgraded in {duration(turn.seconds)}, {what}; proved{tokens}."


def describe(turns: Sequence[Turn], silence: str | None) -> dict[str, Any]:
    """Return what `--json` prints; `silence` is why no host was taken out of rotation."""
    bad = next((turn for turn in turns if turn.state not in (DONE, LEFT)), None)
    return {
        "turns": [
            {
                "hosts": turn.hosts,
                "state": turn.state,
                "seconds": round(turn.seconds, 1),
                "out_of_rotation": turn.out,
                "out_until": turn.out_until,
                "held_models": turn.held_models,
                "proved_models": turn.proved_models,
                "why": turn.why or None,
                "run": turn.run,
            }
            for turn in turns
        ],
        "done": [host for turn in turns if turn.state == DONE for host in turn.hosts],
        "left": [host for turn in turns if turn.state == LEFT for host in turn.hosts],
        "not_drained": silence,
        "exit_code": bad.exit_code if bad else exits.OK,
        "sentence": _sentence(bad, turns) if bad else None,
    }


def _sentence(bad: Turn, turns: Sequence[Turn]) -> str:
    """Say what failed, in which state that host is, and how it goes on."""
    rest = ",".join(host for turn in turns if turn.state != DONE for host in turn.hosts)
    again = f"cluster upgrade --limit {rest} goes on"
    what = f"{bad.name} {'is' if len(bad.hosts) == 1 else 'are'} not upgraded: {bad.why}."
    if not bad.out:
        return f"{what} {'It is' if len(bad.hosts) == 1 else 'They are'} in rotation. {again}."
    until = f" until {time.strftime('%Y-%m-%d %H:%M', time.localtime(bad.out_until))}" if bad.out_until else ""
    stays = "It stays" if len(bad.out) == 1 else f"{output.folded(bad.out)} stay"
    back = " and ".join(f"cluster return {host}" for host in bad.out)
    puts = "puts" if len(bad.out) == 1 else "put"
    held = (
        f" Requests for {', '.join(bad.held_models)} wait, and are refused after 10 minutes." if bad.held_models else ""
    )
    as_it_is = "it back as it is" if len(bad.out) == 1 else "them back as they are"
    return f"{what} {stays} out of rotation{until}.{held} {again}; {back} {puts} {as_it_is}."


def render(document: Mapping[str, Any], turns: Sequence[Turn]) -> RenderableType:
    """Draw the end for a terminal of 80 columns: the first failure in full, then who is done and who is left."""
    parts: list[RenderableType] = []
    bad = next((turn for turn in turns if turn.state not in (DONE, LEFT)), None)
    if bad is not None and bad.run is not None:
        parts.append(end.render(bad.run))
    for label, key, style in (("Upgraded", "done", GOOD), ("Left as they were", "left", "")):
        if document[key]:
            parts.append(words(f"{label}: {output.folded(document[key])}", style))
    if bad is not None:
        parts.append(words(f"Not upgraded: {bad.name}", BAD))
    return Group(*parts)
