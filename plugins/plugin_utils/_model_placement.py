# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""On how many hosts a model is served, and why on that many. Memory is in units of 2^30 bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS, read_models

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import Model


def kept_gigabytes(memory: float, *, is_mac: bool, kept: float | None = None) -> float:
    """Return what a host keeps for itself: the one rule.

    A Mac lets its GPU hold two thirds of its memory, above 36 GB three quarters (iogpu.wired_limit_mb at its default),
    unless `kept` says what it leaves to the system (macos_headless_system_memory_gigabytes).
    Linux keeps an eighth and at least 1 GB, but never more than half.
    """
    if is_mac and kept is not None:
        return min(kept, memory)
    if is_mac:
        return memory / 4 if memory > 36 else memory / 3
    return min(max(memory / 8, 1.0), memory / 2)


def usable_gigabytes(memory: float, *, is_mac: bool, kept: float | None = None) -> float:
    """Return what a host has for models."""
    return memory - kept_gigabytes(memory, is_mac=is_mac, kept=kept)


def shown(gigabytes: float) -> str:
    """Write gigabytes the way a sentence does: 16, 10.7 or 0.25."""
    return f"{gigabytes:.1f}".removesuffix(".0") if gigabytes >= 1 else f"{gigabytes:.2g}"


def nodes_needed(memory: float, usable: Iterable[float]) -> int | None:
    """Return on how many hosts a model fits, the largest first; None where all of them are too small."""
    room = 0.0
    for count, gigabytes in enumerate(sorted(usable, reverse=True), 1):
        room += gigabytes
        if memory <= room:
            return count
    return None


@dataclass(frozen=True)
class Placement:
    """On how many of its hosts a model is served, and the reason."""

    nodes: int
    why: str


def place(
    model: Model,
    groups: Mapping[str, Sequence[str]],
    memory: Mapping[str, float | None],
    kept: Mapping[str, float | None] | None = None,
) -> Placement:
    """Decide for one model; `memory` has what the inventory says of each host, 0 or None where it says nothing.

    `kept` has what a Mac keeps for the system, where the inventory says so.
    """
    backend = BACKENDS[model.backend]
    if not model.is_present:
        return Placement(0, "state is absent")
    nodes, why = _spread(model, groups, memory, kept or {}) if backend.spreads else _copies(model, groups)
    platforms = {host: "macos" if host in groups.get("macos", ()) else "linux" for host in model.hosts}
    # Whether a host of the group gpu computes on its card is measured, not decided here.
    with_cards = groups.get("gpu", ()) if backend.uses_cards else ()
    slow = [host for host, platform in platforms.items() if platform in backend.on_the_cpu and host not in with_cards]
    if slow:
        whose = "" if len(slow) == len(model.hosts) else f" of {enumerate_names(slow)}"
        why += f"; on the CPU{whose}"
    return Placement(nodes, why)


def _copies(model: Model, groups: Mapping[str, Sequence[str]]) -> tuple[int, str]:
    count = len(model.hosts)
    whole = set(groups.get(model.backend, ())) <= set(model.hosts)
    if count == 1:
        return 1, f"the group {model.backend} has no other" if whole else "hosts names no other"
    return count, f"a copy on each host {'of the group ' + model.backend if whole else 'that hosts names'}"


def _spread(
    model: Model,
    groups: Mapping[str, Sequence[str]],
    memory: Mapping[str, float | None],
    kept: Mapping[str, float | None],
) -> tuple[int, str]:
    least = model.min_nodes
    asked = f"min_nodes asks for {least}"
    known = {host: gigabytes for host in model.hosts if (gigabytes := memory.get(host))}
    if not model.memory_gigabytes or len(known) < len(model.hosts):
        unsaid = "the model" if not model.memory_gigabytes else enumerate_names(sorted(set(model.hosts) - set(known)))
        return least, f"{asked if least > 1 else 'as few as have room'}; memory_gigabytes of {unsaid} is not said"
    macs = groups.get("macos", ())
    usable = [usable_gigabytes(value, is_mac=host in macs, kept=kept.get(host)) for host, value in known.items()]
    needed = nodes_needed(model.memory_gigabytes, usable)
    size = f"{shown(model.memory_gigabytes)} GB"
    if needed is None:
        return len(model.hosts), f"{size} do not fit on all of them"
    if needed == 1:
        return least, "it fits on one" if least == 1 else f"{asked}, but it fits on one: sharding only costs latency"
    if needed <= least:
        return least, f"{asked}, and {size} need {needed}"
    room = sum(sorted(usable, reverse=True)[: needed - 1])
    fewer = "one, which has" if needed == 2 else f"{needed - 1}, which have"
    return needed, f"{size} do not fit on {fewer} room for {shown(room)} GB"


def model_placement(
    models: Iterable[Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    memory: Mapping[str, Any],
    kept: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return the models with every key, and on how many of its hosts each is served (nodes), and why."""
    return [
        {**model.row, "nodes": placement.nodes, "why": placement.why}
        for model in read_models(models, groups)
        for placement in [place(model, groups, memory, kept)]
    ]
