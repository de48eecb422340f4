# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Memory: where a model fits, why it is on so many nodes, and what is said where it fits nowhere."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .settings import Model
    from .view import View
    from .watch import Failures

MOST_CHOICES = 8
CERTAIN = 2
"""So many refusals in a row are no instance that is just letting its memory go."""
REFUSAL = "sufficient memory"
"""What exo's refusals for want of memory have in common, of one node or of all."""


def has_room(model: Model, view: View) -> bool:
    """Tell whether a second copy fits beside the first, so that nobody has to wait."""
    return _free(model, view) >= model.size * 1.2


def choices(model: Model, hosts: frozenset[str], memory: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Return sets of hosts that could hold a model, the smallest first, and among those the one with most memory."""
    found: list[tuple[str, ...]] = []
    for count in range(max(1, model.min_nodes), len(hosts) + 1):
        sets = [some for some in combinations(sorted(hosts), count) if _sum(some, memory) >= model.size]
        found += sorted(sets, key=lambda some: -_sum(some, memory))
        if len(found) >= MOST_CHOICES:
            break
    return found[:MOST_CHOICES]


def why(model: Model, count: int, memory: Mapping[str, int]) -> str:
    """Say why a model is on so many nodes."""
    largest = max((memory.get(host, 0) for host in model.hosts), default=0)
    if count == 1:
        return "it fits on one: spreading it would only cost latency"
    if model.min_nodes >= count and largest >= model.size:
        return f"the table wants {model.min_nodes}, though it fits on one, where it would answer faster"
    return f"it takes {_gib(model.size)}, and no node has more than {_gib(largest)} free"


def enough(model: Model, usable: frozenset[str], view: View, refusal: str) -> int:
    """Return how many bytes have to be free for another try, or 0 where the refusal is not for want of memory.

    exo says the same of nodes that do not reach each other.
    """
    present = view.ours & set(model.hosts)
    if not present <= set(view.memory):
        return 0
    free = _free(model, view)
    if free < model.size:
        return model.size
    return free + model.size // 20 if REFUSAL in refusal and usable == present and view.is_meshed else 0


def is_back(model: Model, view: View, failure: Failures) -> bool:
    """Tell whether memory that was missing is there now."""
    return 0 < failure.enough <= _free(model, view)


def shortage(model: Model, view: View, failure: Failures | None) -> str:
    """Say that no waiting gives a model its place, or nothing."""
    if failure is None or not failure.enough or is_back(model, view, failure):
        return ""
    present = [host for host in model.hosts if host in view.ours]
    missing = [host for host in model.hosts if host not in view.ours]
    all_of_it = _sum(present, view.total)
    start = f"exo has no room for {model.name}, which takes {_gib(model.size)}: its nodes have"
    if not missing and set(present) <= set(view.total) and all_of_it < model.size:
        each = ", ".join(f"{host} {_gib(view.total[host])}" for host in present)
        advice = "Name more hosts for it in cluster_models, or take a smaller model."
        return f"{start} {_gib(all_of_it)} in all ({each}). {advice}"
    if failure.shortages < CERTAIN:
        return ""
    each = ", ".join(
        f"{host} {_gib(view.memory.get(host, 0))}{f' of {_gib(view.total[host])}' if host in view.total else ''}"
        for host in present
    )
    beside = sorted({placed.model for placed in view.instances})
    notes = f"; placed there: {', '.join(beside)}" if beside else ""
    notes += f"; not there: {', '.join(missing)}" if missing else ""
    held = ", ".join(f"{_gib(view.held_by_host[host])} of {host}" for host in present if host in view.held_by_host)
    notes += (
        f"; wired by no model of exo: {held}; where no program has it, only a restart of the Mac gives it back"
        if held
        else ""
    )
    advice = "End what holds memory there, name more hosts for it in cluster_models, or take a smaller model."
    return f"{start} {_gib(_free(model, view))} free ({each}){notes}. {advice}"


def _free(model: Model, view: View) -> int:
    return _sum((host for host in model.hosts if host in view.ours), view.memory)


def _sum(hosts: Iterable[str], memory: Mapping[str, int]) -> int:
    return sum(memory.get(host, 0) for host in hosts)


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 / 10 else f"{size / 2**20:.1f} MiB"
