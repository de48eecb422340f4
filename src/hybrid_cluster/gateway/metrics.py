# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Figures in the text format of Prometheus, with labels of known names only."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field

# A client can invent names; all that are in no table are one.
OTHER = "other"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0)


@dataclass
class _Family:
    name: str
    kind: str
    text: str
    labels: tuple[str, ...]
    values: dict[tuple[str, ...], float] = field(default_factory=lambda: defaultdict(float))
    """Or the sums, of a histogram."""
    buckets: dict[tuple[str, ...], list[int]] = field(default_factory=dict)

    def lines(self) -> list[str]:
        found = [f"# HELP {self.name} {self.text}", f"# TYPE {self.name} {self.kind}"]
        if self.kind != "histogram":
            return found + [f"{self.name}{self._braces(key)} {value:g}" for key, value in sorted(self.values.items())]
        for key, counts in sorted(self.buckets.items()):
            total = 0
            for bound, count in zip((*_SECONDS, "+Inf"), counts, strict=True):
                total += count
                found.append(f"{self.name}_bucket{self._braces(key, le=str(bound))} {total}")
            found.append(f"{self.name}_sum{self._braces(key)} {self.values[key]:g}")
            found.append(f"{self.name}_count{self._braces(key)} {total}")
        return found

    def _braces(self, key: tuple[str, ...], **more: str) -> str:
        pairs = [*zip(self.labels, key, strict=True), *more.items()]
        return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in pairs) + "}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


class Metrics:
    """The metrics of the gateway."""

    def __init__(self) -> None:
        self._families: dict[str, _Family] = {}
        self._declare("requests_total", "counter", "Requests that ended.", "model", "endpoint", "status")
        self._declare("refused_quiet_total", "counter", "Requests among them that quiet hours refused.", "model")
        self._declare("running", "gauge", "Requests that run or wait.", "model")
        self._declare("tokens_total", "counter", "Tokens of requests, as backends or else texts tell.", "model", "kind")
        self._declare("first_token_seconds", "histogram", "Seconds until a model said something.", "model")
        self._declare("backend_failures_total", "counter", "Requests that a backend did not answer whole.", "backend")
        self._declare("group_state", "gauge", "1 for the state that hosts are in.", "group", "state")
        self._declare("asleep", "gauge", "Whether a host sleeps, goes to sleep or wakes, as it was told.", "host")
        self._declare("held", "gauge", "Requests that wait for hosts to wake.", "group")
        self._declare("wakes_total", "counter", "Wakes that ended.", "group", "result")
        self._declare("wake_seconds", "histogram", "Seconds from the first packet until all hosts were there.", "group")
        self._declare("sleeps_total", "counter", "Orders to sleep that ended.", "group", "result")
        self._declare("asleep_seconds_total", "counter", "Seconds that hosts have slept.", "group")
        self._declare("seen_to_wake", "gauge", "Whether hosts say that a person saw them wake.", "group")
        self._declare(
            "out_of_rotation", "gauge", "Whether a backend is asked only where others fail.", "model", "backend"
        )
        self._declare("backend_tokens_per_second", "gauge", "How fast a backend answers.", "model", "backend")
        self._declare("passed_total", "counter", "Requests that HAProxy passed on by itself.", "model")
        self._declare("passing", "gauge", "Requests among them that run.", "model")
        self._declare("front_told", "gauge", "Whether HAProxy could be told the last time what it may pass on.")
        self._declare("keys_readable", "gauge", "Whether the file of keys could be read the last time.")

    def _declare(self, name: str, kind: str, text: str, *labels: str) -> None:
        self._families[name] = _Family(f"hybrid_gateway_{name}", kind, text, labels)

    def add(self, name: str, *labels: str, value: float = 1) -> None:
        """Add to a counter or a gauge."""
        self._families[name].values[labels] += value

    def set(self, name: str, *labels: str, value: float) -> None:
        """Set a gauge."""
        self._families[name].values[labels] = value

    def observe(self, name: str, *labels: str, value: float) -> None:
        """Count a value of a histogram."""
        family = self._families[name]
        counts = family.buckets.setdefault(labels, [0] * (len(_SECONDS) + 1))
        counts[bisect_left(_SECONDS, value)] += 1
        family.values[labels] += value

    def text(self) -> str:
        """Return all figures."""
        return "\n".join(line for family in self._families.values() for line in family.lines()) + "\n"
