# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Round trips between hosts, over the LAN and over each cable, as the hosts themselves measure them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.apply import lock, running
from hybrid_cluster.command.apply.progress import HostState, Progress
from hybrid_cluster.command.bench.figures import jitter, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybrid_cluster.command.inventory import Cluster

MODULE = "hybrid_ai.cluster.link_check"
LAN, THUNDERBOLT = "LAN", "Thunderbolt"
_VARIABLE = "__bench_neighbours"


def neighbours(cluster: Cluster, hosts: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return whom each host asks: every other one by its address, and by each cable between them."""
    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import plan_topology

    fixed = {name: host.thunderbolt_address for name, host in cluster.hosts.items()}
    plans = plan_topology(
        cluster.shared("thunderbolt_links"),
        cluster.shared("thunderbolt_subnet"),
        list(cluster.hosts),
        str(cluster.shared("thunderbolt_mode")),
        fixed,
        rdma=bool(cluster.shared("thunderbolt_rdma")),
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for host in hosts:
        near = [
            {"name": other, "address": cluster.hosts[other].address, "host": other} for other in hosts if other != host
        ]
        cabled = [
            {"name": f"{one['name']} {one['address']}", "address": one["address"], "host": one["host"]}
            for one in plans[host]["neighbours"]
            if one["host"] in hosts
        ]
        found[host] = near + cabled
    return found


def measure(cluster: Cluster, hosts: Sequence[str], count: int, *, is_silent: bool) -> list[dict[str, Any]]:
    """Have all hosts measure at once."""
    asked = neighbours(cluster, hosts)
    results: dict[str, dict[str, Any]] = {}
    reasons: dict[str, str] = {}

    def listen(event: dict[str, Any]) -> None:
        data = event.get("event_data") or {}
        res = data.get("res") or {}
        links = res.get("links")
        if isinstance(links, dict):
            results[str(data.get("host"))] = links
        if event.get("event") in ("runner_on_failed", "runner_on_unreachable"):
            reasons[str(data.get("host"))] = " ".join(str(res.get("msg") or "no word").split()).rstrip(".")

    wanted = running.Play(
        None,
        ",".join(hosts),
        variables={_VARIABLE: asked},
        module=MODULE,
        module_arguments={
            "neighbours": f"{{{{ {_VARIABLE}[inventory_hostname] }}}}",
            "count": count,
            "warm_up_seconds": 5,
        },
        listen=listen,
    )
    path = lock.folder(cluster.sources)
    with lock.held(path):
        progress = Progress({host: HostState() for host in hosts}, [], {})
        left, _ = running.play(cluster, wanted, path, progress, is_silent=is_silent)
    if left is not None:
        raise KeyboardInterrupt
    return rows(asked, results, reasons)


def rows(
    asked: dict[str, list[dict[str, Any]]], results: dict[str, dict[str, Any]], reasons: dict[str, str]
) -> list[dict[str, Any]]:
    """Return a row for each direction of each link; what no host has measured has no figures, and the reason."""
    found = []
    for host, near in asked.items():
        for one in near:
            link = results.get(host, {}).get(one["name"]) or {}
            times = link.get("times") or []
            found.append(
                {
                    "from": host,
                    "to": one["host"],
                    "address": one["address"],
                    "medium": LAN if one["name"] == one["host"] else THUNDERBOLT,
                    "sent": link.get("sent"),
                    "lost": link.get("lost"),
                    "ms": summary(times),
                    "jitter_ms": jitter(times),
                    "silence": None if times else "no answer" if link else reasons.get(host, "no answer"),
                }
            )
    return found
