# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which hosts are upgraded together, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybrid_cluster.command.inventory import Cluster


def turns(cluster: Cluster, hosts: Sequence[str]) -> list[list[str]]:
    """Return the hosts in the order of the inventory, the management node last, each with those it cannot do without.

    Those that serve one model together are one turn: while one is missing, or has another version, none of them
    answers, so that to take them one after the other would only take longer.
    """
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS

    together = [{host} for host in hosts]
    for row in cluster.models:
        if row["state"] == "present" and BACKENDS[row["backend"]].spreads:
            joined = [turn for turn in together if turn & set(row["hosts"])]
            together = [turn for turn in together if turn not in joined]
            together += [set().union(*joined)] if joined else []
    management = set(cluster.groups.get("management", ()))
    ordered = [[host for host in hosts if host in turn] for turn in together]
    return sorted(ordered, key=lambda turn: (bool(management & set(turn)), hosts.index(turn[0])))
