# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The exo cluster, asked from every member."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import api, cluster
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import enumerate_names, numbered
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Look, and wait up to `timeout` seconds for a cluster that is just forming."""
    members = api.members_from(arguments.mappings("members"))
    port, timeout = arguments.integer("port", 52415), arguments.integer("timeout", 0)
    answer = cluster.wait_for_cluster(members, port, context.fetch, timeout, 0)
    picture = answer.picture
    count = sum(member.required or member.name in picture.node_ids for member in members)
    measured = [_size(len(picture.node_ids), len(picture.edges))]
    if answer.strangers:
        measured.append(f"and {enumerate_names(stranger.node_id for stranger in answer.strangers)}")
    absent = [member.name for member in members if not member.required and member.name in picture.silent]
    if absent:
        measured.append(f"without {enumerate_names(absent)}, outside of this run and silent")
    for instance in api.placed(answer.base, context.fetch, picture.names) if answer.base else []:
        if not instance.ready:
            states = ", ".join(f"{node} {status}" for node, status in instance.waiting.items())
            measured.append(f"{instance.model} is placed and not ready ({states or 'a runner is on no node'})")
    return Measurement(
        ok=not (answer.missing or answer.apart or answer.strangers),
        measured=", ".join(measured),
        expected=_size(count, count * (count - 1)),
        advice=" ".join([*answer.missing, *answer.apart, *(stranger.sentence for stranger in answer.strangers)]),
        values={"unseen": picture.unseen} if picture.unseen else None,
    )


def _size(nodes: int, connections: int) -> str:
    return f"{numbered(nodes, 'node')}, {numbered(connections, 'connection')}"


KIND = Kind("exo cluster", measure, slow=True)
