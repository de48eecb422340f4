# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The models that exo has placed: whether each can answer, and for how long one gets no nearer to it.

exo keeps the runners of models that are gone for ever, so only those that an instance names are counted.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from .exo_placed import RUNNER_STATES, USABLE, Advance, Placed, marks_of
from .exo_state import UNKNOWN, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exposition import Metrics


class Instances:
    """Remembers how far each instance has come."""

    def __init__(self) -> None:
        self._advances: dict[str, Advance] = {}

    def measure(
        self,
        metrics: Metrics,
        state: Mapping[str, Any],
        names: Mapping[str, str],
        present: frozenset[str],
    ) -> None:
        """Add the metrics of all instances; `present` are the nodes in the topology."""
        now = time.monotonic()
        placed = [Placed.from_state(identity, entry) for identity, entry in mapping(state["instances"]).items()]
        runners, downloads = mapping(state["runners"]), mapping(state["downloads"])
        counts = Counter(dict.fromkeys(RUNNER_STATES, 0))
        advances: dict[str, Advance] = {}
        metrics.add("exo_instances", "Models that are placed.", len(placed))
        for instance in placed:
            states = instance.states(runners)
            counts.update(states.values())
            ready = instance.is_ready(runners, present)
            advance = self._advances.get(instance.identity) or Advance(now)
            if ready:
                advance = Advance(now)
            else:
                advance.note(marks_of(instance, runners, downloads), now)
            advances[instance.identity] = advance
            _add(metrics, instance, states, names, ready=ready, stalled=now - advance.since)
        self._advances = advances
        metrics.count("exo_runners", "Runners of placed models by state.", counts, "state")


def _add(
    metrics: Metrics,
    instance: Placed,
    states: Mapping[str, str],
    names: Mapping[str, str],
    *,
    ready: bool,
    stalled: float,
) -> None:
    labels = instance.labels
    text = "Nodes that a placed model is spread over."
    metrics.add("exo_instance_nodes", text, len(instance.nodes), kind=instance.kind, **labels)
    metrics.add("exo_instance_ready", "Whether every runner of a placed model can answer.", ready, **labels)
    text = "How long a placed model that cannot answer has come no nearer to it."
    metrics.add("exo_instance_stalled_seconds", text, stalled, **labels)
    nodes = {runner: node for node, runner in instance.nodes.items()}
    for runner, status in states.items():
        node = names.get(nodes.get(runner, ""), UNKNOWN)
        text = "Whether a runner can answer, with its state."
        metrics.add("exo_runner_ready", text, status in USABLE, node=node, state=status, **labels)
