# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentences of the summary at the end of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def reason(result: dict[str, Any]) -> str:
    """Return the words of a failure on one line; a task that hides its result has none."""
    said = result
    for item in said.get("results") or ():
        if item.get("failed"):
            said = item
            break
    message = said.get("msg")
    return " ".join(str(message).split()) if message else ""


def found(cluster: dict[str, Any]) -> str:
    """Write what the nodes had when they found each other, which is before models are placed."""
    models = cluster.get("models") or []
    placed = [_on_nodes(instance["model"], instance["nodes"]) for instance in cluster.get("instances") or []]
    text = f"models on disk: {', '.join(models) or 'none'}; running: {'; '.join(placed) or 'none'}"
    return f"When the nodes had found each other, {text}"


def served(placement: dict[str, Any]) -> str:
    """Write what exo serves since its models were placed."""
    ready = [model for model in placement["models"] if model.get("state") == "ready"]
    named = [_on_nodes(model["name"], model.get("nodes")) for model in ready]
    others = [_on_nodes(str(other.get("model")), other.get("nodes")) for other in placement.get("others") or []]
    beside = f"; not in the table: {'; '.join(others)}" if others else ""
    return f"running: {'; '.join(named) or 'none'}{beside}"


def _on_nodes(model: str, nodes: Iterable[str] | None) -> str:
    return f"{model} on {', '.join(nodes or ()) or 'no node'}"


def sentence(line: dict[str, Any]) -> str:
    """Write one line of a report."""
    text = f"{line['capability']}: {line['title']}: {line['measured']}"
    if not line["ok"]:
        text += f" (expected {line['expected']}). {line.get('advice') or ''}".rstrip()
    return text
