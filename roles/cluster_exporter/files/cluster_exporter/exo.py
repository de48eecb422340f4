# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo: who is reachable, how the nodes see each other, and what they run and download.

Node identities are new after every start, so each host is asked for its own and all figures have the host's name.
"""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import fetch

if TYPE_CHECKING:
    from .exposition import Metrics

# One entry for every known model and node: large, and slow to change.
_DOWNLOADS_SECONDS = 15.0
RUNNER_STATES = (
    *("RunnerIdle", "RunnerConnecting", "RunnerConnected", "RunnerLoading", "RunnerLoaded", "RunnerWarmingUp"),
    *("RunnerReady", "RunnerRunning", "RunnerShuttingDown", "RunnerFailed"),
)
DOWNLOAD_STATES = ("DownloadOngoing", "DownloadCompleted", "DownloadFailed")


class Source:
    """The cluster, seen from its first host that answers."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._hosts: dict[str, str] = configuration["hosts"]
        self._port: int = configuration["port"]
        subnet = configuration.get("thunderbolt_subnet")
        self._thunderbolt = ipaddress.ip_network(subnet) if subnet else None
        self._downloads: tuple[float, Any] = (-_DOWNLOADS_SECONDS, {})

    def measure(self, metrics: Metrics) -> None:
        """Ask every host who it is, and one of them for the state."""
        with ThreadPoolExecutor(max(1, len(self._hosts))) as pool:
            identities = dict(zip(self._hosts, pool.map(self._identity, self._hosts)))
        for host, identity in identities.items():
            metrics.add("exo_node_reachable", "Whether exo on the host answers.", identity is not None, node=host)
        first = next((host for host, identity in identities.items() if identity is not None), None)
        if first is None:
            raise fetch.SourceError("no host answers")
        names = {identity: host for host, identity in identities.items() if identity is not None}
        self._topology(metrics, self._state(first, "topology"), names)
        read_instances(metrics, self._state(first, "instances"))
        read_runners(metrics, self._state(first, "runners"))
        read_memory(metrics, self._state(first, "nodeMemory"), names)
        if time.monotonic() - self._downloads[0] >= _DOWNLOADS_SECONDS:
            self._downloads = (time.monotonic(), self._state(first, "downloads"))
        read_downloads(metrics, self._downloads[1], names)

    def _identity(self, host: str) -> str | None:
        try:
            return str(fetch.document(f"http://{self._hosts[host]}:{self._port}/node_id"))
        except fetch.SourceError:
            return None

    def _state(self, host: str, path: str) -> Any:
        return fetch.document(f"http://{self._hosts[host]}:{self._port}/state/{path}")

    def _topology(self, metrics: Metrics, topology: dict[str, Any], names: dict[str, str]) -> None:
        metrics.add("exo_nodes", "Nodes in the cluster.", len(topology["nodes"]))
        links: Counter[tuple[str, str, str]] = Counter()
        for source, sinks in topology["connections"].items():
            for sink, edges in sinks.items():
                for edge in edges:
                    ends = names.get(source, "unknown"), names.get(sink, "unknown")
                    links[(*ends, self._network(edge))] += 1
        pairs = {(source, sink) for source, sink, _ in links}
        metrics.add("exo_links", "Pairs of nodes of which the first reaches the second.", len(pairs))
        for (source, sink, network), count in links.items():
            metrics.add(
                "exo_link_connections",
                "Ways by which a node reaches another.",
                count,
                source=source,
                sink=sink,
                network=network,
            )

    def _network(self, edge: dict[str, Any]) -> str:
        if "sinkMultiaddr" not in edge:
            return "rdma"
        address = ipaddress.ip_address(edge["sinkMultiaddr"]["ip_address"])
        return "thunderbolt" if self._thunderbolt is not None and address in self._thunderbolt else "lan"


def _one(tagged: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Take apart exo's way of naming a kind: a mapping with one key."""
    ((kind, content),) = tagged.items()
    return kind, content


def read_instances(metrics: Metrics, instances: dict[str, Any]) -> None:
    """Count instances by model, and the nodes each is spread over."""
    metrics.add("exo_instances", "Models that are placed.", len(instances))
    for identity, tagged in instances.items():
        kind, content = _one(tagged)
        shards = content["shardAssignments"]
        metrics.add(
            "exo_instance_nodes",
            "Nodes that a placed model is spread over.",
            len(shards["nodeToRunner"]),
            instance_id=identity,
            model=shards["modelId"],
            kind=kind,
        )


def read_runners(metrics: Metrics, runners: dict[str, Any]) -> None:
    """Count runners by state; states without one are 0, so that an alert sees the first."""
    counts = Counter(dict.fromkeys(RUNNER_STATES, 0))
    counts.update(_one(tagged)[0] for tagged in runners.values())
    metrics.count("exo_runners", "Runners by state.", counts, "state")


def read_memory(metrics: Metrics, memory: dict[str, Any], names: dict[str, str]) -> None:
    """Take what exo believes to be free; it places models by it."""
    for identity, figures in memory.items():
        if identity in names:
            for kind, key in (("total", "ramTotal"), ("available", "ramAvailable")):
                metrics.add(
                    "exo_node_memory_bytes",
                    "Memory as exo counts it.",
                    figures[key]["inBytes"],
                    node=names[identity],
                    kind=kind,
                )


def read_downloads(metrics: Metrics, downloads: dict[str, Any], names: dict[str, str]) -> None:
    """Count downloads by node and state, and tell how far those under way are."""
    for identity, entries in downloads.items():
        if identity not in names:
            continue
        node, counts = names[identity], Counter(dict.fromkeys(DOWNLOAD_STATES, 0))
        for kind, content in map(_one, entries):
            if kind in counts:
                counts[kind] += 1
            if kind == "DownloadOngoing":
                _progress(metrics, node, content)
        metrics.count("exo_downloads", "Models by state of their download.", counts, "state", node=node)


def _progress(metrics: Metrics, node: str, content: dict[str, Any]) -> None:
    _, shard = _one(content["shardMetadata"])
    model, progress = shard["modelCard"]["modelId"], content["downloadProgress"]
    total = progress["total"]["inBytes"]
    done = progress["downloaded"]["inBytes"] / total if total else 0.0
    metrics.add("exo_download_progress_ratio", "How much of a download is done.", done, node=node, model=model)
    metrics.add("exo_download_bytes_per_second", "Speed of a download.", progress["speed"], node=node, model=model)
