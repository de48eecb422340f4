# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`cluster models load` and `unload`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hybrid_cluster.command import exits, hosts, output
from hybrid_cluster.command.errors import ClusterError

if TYPE_CHECKING:
    from hybrid_cluster.command.gateway import Gateway
    from hybrid_cluster.command.inventory import Cluster

# A model that hangs as it ends is killed by then.
_UNLOAD_SECONDS = 150.0


def load(cluster: Cluster, gateway: Gateway, name: str, *, wait: bool, as_json: bool) -> int:
    """Have all members of a model load it."""
    told = gateway.administer("load", {"model": name})
    return hosts.follow_model(cluster, gateway, told["model"], wait=wait, as_json=as_json)


def unload(cluster: Cluster, gateway: Gateway, name: str, *, as_json: bool) -> int:
    """Have all members of a model let go of it."""
    members = gateway.administer("unload", {"model": name}, _UNLOAD_SECONDS)["members"]
    kept = [f"{hosts.place(cluster, one)}: {one['why']}" for one in members if not one["unloaded"]]
    if as_json:
        output.show_json({"model": name, "members": members})
    if kept:
        raise ClusterError(f"{name} is not unloaded everywhere: {'; '.join(kept)}.", exits.HOSTS_FAILED)
    if not as_json:
        places = ", ".join(hosts.place(cluster, one) for one in members)
        output.say(f"{name} is in no memory of {places}.")
    return exits.OK
