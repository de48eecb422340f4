# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Metrics in the text format of Prometheus. Part of every exporter of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Collects samples; a metric is described once and may have many label sets."""

    def __init__(self) -> None:
        self._families: dict[str, tuple[str, str, dict[Labels, float]]] = {}

    def add(self, name: str, text: str, value: float, /, *, counter: bool = False, **labels: object) -> None:
        """Add one sample."""
        kind = "counter" if counter else "gauge"
        samples = self._families.setdefault(name, (kind, text, {}))[2]
        samples[tuple(sorted((key, str(label)) for key, label in labels.items()))] = float(value)

    def count(self, name: str, text: str, values: Mapping[str, float], label: str, **labels: object) -> None:
        """Add one sample for each value of a label."""
        for key, value in values.items():
            self.add(name, text, value, **{label: key}, **labels)

    def update(self, other: Metrics) -> None:
        """Take over everything another collection holds."""
        for name, (kind, text, samples) in other._families.items():
            self._families.setdefault(name, (kind, text, {}))[2].update(samples)

    def render(self) -> str:
        """Return the page."""
        lines = []
        for name, (kind, text, samples) in self._families.items():
            lines += [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]
            lines += [f"{name}{_labels(labels)} {value!r}" for labels, value in samples.items()]
        return "".join(f"{line}\n" for line in lines)


def _labels(labels: Labels) -> str:
    inside = ",".join(f'{key}="{_escape(value)}"' for key, value in labels)
    return f"{{{inside}}}" if inside else ""


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
