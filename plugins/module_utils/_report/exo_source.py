# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo on Linux, built from its sources: which commit runs, and what it computes on."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo.source import name_of
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._release_tree import ReleaseTree
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind has it
    """Compare the commit that is switched to."""
    tree, commit, version = ReleaseTree(arguments.text("path")), arguments.text("commit"), arguments.text("version")
    current, where = tree.version(), arguments.optional_text("computes_on") or "the CPU"
    ok = current == name_of(commit) and tree.has(current)
    measured = "not built" if current is None else f"{current}, on {where}"
    return Measurement(ok, measured, f"{name_of(commit)} ({version}), on {where}", "Repeat site.yml.")


KIND = Kind("exo from its sources", measure)
