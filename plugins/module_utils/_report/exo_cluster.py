# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The exo cluster, asked from every member."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _exo_api, _exo_cluster
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Look, and wait up to `timeout` seconds for a cluster that is just forming."""
    members = [_exo_api.Member(str(item["name"]), str(item["address"])) for item in arguments.mappings("members")]
    port, timeout = arguments.integer("port", 52415), arguments.integer("timeout", 0)
    answer = _exo_cluster.wait_for_cluster(members, port, context.fetch, timeout, 0)
    count = len(members)
    picture = answer.picture
    return Measurement(
        ok=answer.formed,
        measured=f"{len(picture.node_ids)} nodes, {len(picture.edges)} connections",
        expected=f"{count} nodes, {count * (count - 1)} connections",
        advice=" ".join(answer.missing),
    )


KIND = Kind("exo cluster", measure, slow=True)
