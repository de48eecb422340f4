# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The models that exo has placed: whether each can answer, and for how long one gets no nearer to it.

exo keeps the runners of models that are gone for ever, so only those that an instance names are counted.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exo_state import UNKNOWN, mapping, model_of, sequence, size, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exposition import Metrics

# In the order in which a runner comes to work.
_STEPS = (
    *("RunnerIdle", "RunnerConnecting", "RunnerConnected", "RunnerLoading", "RunnerLoaded", "RunnerWarmingUp"),
    "RunnerReady",
)
_USABLE = frozenset({"RunnerReady", "RunnerRunning"})
ABSENT = "absent"
RUNNER_STATES = (*_STEPS, "RunnerRunning", "RunnerShuttingDown", "RunnerFailed", ABSENT)
# As often exo itself tries; who falls back more often only goes in circles.
_ATTEMPTS = 5

Mark = tuple[float, float]


@dataclass(frozen=True)
class Placed:
    """One instance."""

    identity: str
    kind: str
    model: str
    nodes: Mapping[str, str]
    """The runner of each node."""
    runners: frozenset[str]

    @classmethod
    def from_state(cls, identity: str, entry: Any) -> Placed:
        """Read an entry of the state."""
        kind, content = tagged(entry)
        shards = mapping(content.get("shardAssignments"))
        nodes = {str(node): str(runner) for node, runner in mapping(shards.get("nodeToRunner")).items()}
        runners = frozenset(nodes.values()) | frozenset(mapping(shards.get("runnerToShard")))
        return cls(str(identity), kind, str(shards.get("modelId") or UNKNOWN), nodes, runners)

    @property
    def labels(self) -> dict[str, str]:
        """How its metrics are told apart; Prometheus has a use of its own for a label `instance`."""
        return {"instance_id": self.identity, "model": self.model}


@dataclass
class _Advance:
    """How far an instance has come."""

    since: float
    marks: dict[str, Mark] = field(default_factory=dict)
    falls: int = 0

    def note(self, marks: Mapping[str, Mark], now: float) -> None:
        """Compare with the look before: whatever has risen is progress."""
        known = self.marks
        rose = any(mark > known[name] if name in known else mark > (0.0, 0.0) for name, mark in marks.items())
        self.falls += any(mark < known[name] for name, mark in marks.items() if name in known)
        if rose and self.falls <= _ATTEMPTS:
            self.since = now
        # What is not known now is compared with what was known last.
        self.marks = {**known, **marks}


class Instances:
    """Remembers how far each instance has come."""

    def __init__(self) -> None:
        self._advances: dict[str, _Advance] = {}

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
        advances: dict[str, _Advance] = {}
        metrics.add("exo_instances", "Models that are placed.", len(placed))
        for instance in placed:
            states = {runner: _state(runners, runner) for runner in instance.runners}
            counts.update(states.values())
            ready = (
                bool(states)
                and set(states.values()) <= _USABLE
                and frozenset(instance.nodes.values()) == instance.runners
                and present.issuperset(instance.nodes)
            )
            advance = self._advances.get(instance.identity) or _Advance(now)
            if ready:
                advance = _Advance(now)
            else:
                advance.note(_marks(instance, runners, downloads), now)
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
        metrics.add("exo_runner_ready", text, status in _USABLE, node=node, state=status, **labels)


def _state(runners: Mapping[str, Any], runner: str) -> str:
    return tagged(runners[runner])[0] if runners.get(runner) is not None else ABSENT


def _marks(instance: Placed, runners: Mapping[str, Any], downloads: Mapping[str, Any]) -> dict[str, Mark]:
    """Return how far each runner and each download of an instance is; what is not known is left out."""
    marks: dict[str, Mark] = {}
    for runner in instance.runners:
        status, content = tagged(runners.get(runner))
        if status in _STEPS or status == "RunnerRunning":
            layers = content.get("layersLoaded")
            step = _STEPS.index("RunnerReady" if status == "RunnerRunning" else status) + 1
            marks[runner] = float(step), float(layers) if isinstance(layers, (int, float)) else 0.0
        elif status in RUNNER_STATES or runners.get(runner) is None:
            marks[runner] = (0.0, 0.0)
    for node in instance.nodes:
        for status, content in map(tagged, sequence(downloads.get(node))):
            if status == "DownloadOngoing" and model_of(content) == instance.model:
                progress = mapping(content.get("downloadProgress"))
                marks[f"download to {node}"] = (0.0, size(progress.get("downloaded")))
    return marks
