# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster models`: the table of models, and which of them answers where."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from rich.console import Group

from hybrid_cluster.command import output, serving
from hybrid_cluster.command.measured import METRICS, Source
from hybrid_cluster.command.output import BAD, GOOD, UNSURE, words

if TYPE_CHECKING:
    from rich.console import RenderableType

    from hybrid_cluster.command.inventory import Cluster

_STYLES = {serving.ANSWERS: GOOD, serving.ON_REQUEST: GOOD, serving.FAILS: BAD, serving.UNKNOWN: UNSURE}


def collect(cluster: Cluster, source: Source) -> dict[str, Any]:
    """Measure, and return what `--json` prints."""
    measured = source.measure(METRICS) if cluster.models else None
    return {
        "prometheus": measured.source if measured else None,
        "prometheus_silence": measured.silence if measured else None,
        "models": serving.models(cluster, measured) if measured else [],
    }


def render(document: dict[str, Any]) -> RenderableType:
    """Draw it for a terminal of 80 columns."""
    if not document["models"]:
        return words("cluster_models has no model; docs/models.md says how to write one.")
    table = output.table("model", "backend", "memory", "state", "hosts", right=(2,))
    for model in document["models"]:
        memory = model["memory_gigabytes"]
        shown = "unknown" if memory is None else output.gigabytes(memory * 2**30)
        names = words(" = ".join([model["name"], *model["aliases"]]))
        states: dict[str, list[str]] = defaultdict(list)
        for host, state in model["answers"].items():
            states[state].append(host)
        rows = list(states.items()) or [(model["state"] if model["state"] != "present" else "no host", [])]
        for place, (state, hosts) in enumerate(rows):
            cells = (names, words(model["backend"]), words(shown)) if place == 0 else (words(""),) * 3
            table.add_row(*cells, words(state, _STYLES.get(state, "")), words(output.folded(hosts)))
    if not document["prometheus_silence"]:
        return table
    return Group(table, words(""), words(f"Nothing is measured: {document['prometheus_silence']}.", UNSURE))
