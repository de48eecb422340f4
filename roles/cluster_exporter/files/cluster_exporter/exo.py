# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo: who is reachable, how the nodes see each other, and what they run and download.

Node identities are new after every start, so each host is asked for its own and all metrics have the host's name.
"""

from __future__ import annotations

import ipaddress
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import fetch
from .exo_instances import Instances
from .exo_state import mapping, model_of, number, sequence, size, tagged
from .exo_strangers import Strangers, claimed_addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .exposition import Metrics

# One entry for every known model and node: large, and slow to change.
_DOWNLOADS_SECONDS = 15.0
DOWNLOAD_STATES = ("DownloadOngoing", "DownloadCompleted", "DownloadFailed")


class Source:
    """The cluster: who is in it by every host that answers, and what it does by the first of them."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._hosts: dict[str, str] = configuration["hosts"]
        self._port: int = configuration["port"]
        # A worker that a cable joins with this host may refuse its LAN address, and answers to the name on the cable.
        self._by_cable = bool(configuration.get("by_cable"))
        self._answered: dict[str, str] = {}
        subnet = configuration.get("thunderbolt_subnet")
        self._thunderbolt = ipaddress.ip_network(subnet) if subnet else None
        self._downloads: tuple[float, Any] = (-_DOWNLOADS_SECONDS, {})
        self._strangers, self._instances = Strangers(), Instances()

    def measure(self, metrics: Metrics) -> None:
        """Ask every host who it is and whom it sees, and one of them for the state."""
        identities = self._from_hosts(self._hosts, self._identity)
        for host, identity in identities.items():
            metrics.add("exo_node_reachable", "Whether exo on the host answers.", identity is not None, node=host)
        names = {identity: host for host, identity in identities.items() if identity is not None}
        answers = self._from_hosts(names.values(), lambda host: self._ask(host, "state/topology"))
        topologies = {host: topology for host, topology in answers.items() if topology is not None}
        if not topologies:
            raise fetch.SourceError("no host answers")
        first, topology = next(iter(topologies.items()))
        self._topology(metrics, mapping(topology), names)
        self._strangers.measure(metrics, identities, topologies.values(), lambda node: self._claimed(first, node))
        if time.monotonic() - self._downloads[0] >= _DOWNLOADS_SECONDS:
            self._downloads = (time.monotonic(), self._ask(first, "state/downloads"))
        state = {part: self._ask(first, f"state/{part}") for part in ("instances", "runners")}
        present = frozenset(map(str, sequence(mapping(topology).get("nodes"))))
        self._instances.measure(metrics, {**state, "downloads": self._downloads[1]}, names, present)
        read_memory(metrics, mapping(self._ask(first, "state/nodeMemory")), names)
        read_downloads(metrics, mapping(self._downloads[1]), names)

    def _from_hosts(self, hosts: Iterable[str], question: Callable[[str], Any]) -> dict[str, Any]:
        """Ask hosts at the same moment; one that does not answer has None."""

        def ask(host: str) -> Any:
            try:
                return question(host)
            except fetch.SourceError:
                return None

        asked = list(hosts)
        with ThreadPoolExecutor(max(1, len(asked))) as pool:
            return dict(zip(asked, pool.map(ask, asked)))

    def _identity(self, host: str) -> str | None:
        """Return who answers on a host; what gives no identity is not exo."""
        for address in (self._hosts[host], *([f"{host}.tb"] if self._by_cable else [])):
            self._answered[host] = address
            try:
                answer = self._ask(host, "node_id")
            except fetch.SourceError:
                continue
            return answer if isinstance(answer, str) else None
        return None

    def _ask(self, host: str, path: str) -> Any:
        return fetch.document(f"http://{self._answered[host]}:{self._port}/{path}")

    def _claimed(self, host: str, node: str) -> list[str]:
        """Return where a node says that it is; that is for people, and missed by nothing else."""
        try:
            return claimed_addresses(self._ask(host, "state/nodeNetwork"), node)
        except (fetch.SourceError, KeyError):
            return []

    def _topology(self, metrics: Metrics, topology: dict[str, Any], names: dict[str, str]) -> None:
        metrics.add("exo_nodes", "Nodes in the cluster.", len(sequence(topology.get("nodes"))))
        links: Counter[tuple[str, str, str]] = Counter()
        for source, sinks in mapping(topology.get("connections")).items():
            for sink, edges in mapping(sinks).items():
                for edge in sequence(edges):
                    ends = names.get(source, "unknown"), names.get(sink, "unknown")
                    links[(*ends, self._network(mapping(edge)))] += 1
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
        try:
            address = ipaddress.ip_address(mapping(edge["sinkMultiaddr"]).get("ip_address") or "")
        except ValueError:
            return "unknown"
        return "thunderbolt" if self._thunderbolt is not None and address in self._thunderbolt else "lan"


def read_memory(metrics: Metrics, memory: dict[str, Any], names: dict[str, str]) -> None:
    """Take what exo believes to be free; it places models by it."""
    for identity, figures in memory.items():
        if identity in names:
            for kind, key in (("total", "ramTotal"), ("available", "ramAvailable")):
                text = "Memory as exo counts it."
                metrics.add(
                    "exo_node_memory_bytes", text, size(mapping(figures).get(key)), node=names[identity], kind=kind
                )


def read_downloads(metrics: Metrics, downloads: dict[str, Any], names: dict[str, str]) -> None:
    """Count downloads by node and state, and tell how far those under way are."""
    for identity, entries in downloads.items():
        if identity not in names:
            continue
        node, counts = names[identity], Counter(dict.fromkeys(DOWNLOAD_STATES, 0))
        for kind, content in map(tagged, sequence(entries)):
            if kind in counts:
                counts[kind] += 1
            if kind == "DownloadOngoing":
                _progress(metrics, node, content)
        metrics.count("exo_downloads", "Models by state of their download.", counts, "state", node=node)


def _progress(metrics: Metrics, node: str, content: dict[str, Any]) -> None:
    labels, progress = {"node": node, "model": model_of(content)}, mapping(content.get("downloadProgress"))
    total = size(progress.get("total"))
    done = size(progress.get("downloaded")) / total if total else 0.0
    metrics.add("exo_download_progress_ratio", "How much of a download is done.", done, **labels)
    metrics.add("exo_download_bytes_per_second", "Speed of a download.", number(progress.get("speed")), **labels)
