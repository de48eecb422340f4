# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A model that exo has placed: who runs it, how far each runner is, and how long it has come no nearer to answering.

Part of every program of ours that looks after models of exo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .exo_state import UNKNOWN, mapping, model_of, sequence, size, tagged

if TYPE_CHECKING:
    from collections.abc import Mapping

# In the order in which a runner comes to work.
_STEPS = (
    *("RunnerIdle", "RunnerConnecting", "RunnerConnected", "RunnerLoading", "RunnerLoaded", "RunnerWarmingUp"),
    "RunnerReady",
)
USABLE = frozenset({"RunnerReady", "RunnerRunning"})
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

    def states(self, runners: Mapping[str, Any]) -> dict[str, str]:
        """Return the state of each of its runners."""
        return {runner: state_of(runners, runner) for runner in self.runners}

    def is_ready(self, runners: Mapping[str, Any], present: frozenset[str]) -> bool:
        """Tell whether all of it can answer; `present` are the nodes in the topology."""
        states = set(self.states(runners).values())
        whole = frozenset(self.nodes.values()) == self.runners
        return bool(states) and states <= USABLE and whole and present.issuperset(self.nodes)


@dataclass
class Advance:
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


def state_of(runners: Mapping[str, Any], runner: str) -> str:
    """Return the state of a runner by name."""
    return tagged(runners[runner])[0] if runners.get(runner) is not None else ABSENT


def marks_of(instance: Placed, runners: Mapping[str, Any], downloads: Mapping[str, Any]) -> dict[str, Mark]:
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
