# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A model of the table on exo: placed, ready, on how many nodes and why, and whether this node has all of its files."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import keeper
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

COMPLETED = "DownloadCompleted"


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask this node's keeper, who sees what this node's exo lists; `holds` says whether its files have to be here."""
    name, holds = arguments.text("model"), arguments.switch("holds", True)
    status, sentences = keeper.look(arguments.text("url"), [name], [], context.fetch)
    model = keeper.model_of(status, name)
    complete = model.get("download") == COMPLETED
    others = ", ".join(sorted({str(one.get("model")) for one in status.get("others", [])}))
    measured = keeper.described(model) if model else "unknown"
    if holds and not complete:
        measured += f", its files here {model.get('download', 'unknown')}"
        sentences.append("exo on this host does not list its files as complete: run --tags models.")
    if others:
        measured += f", beside {others}, which the table does not name"
    expected = "ready" + (", its files complete here" if holds else "")
    return Measurement(not sentences, measured, expected, " ".join(sentences))


KIND = Kind("exo model {model}", measure, slow=True)
