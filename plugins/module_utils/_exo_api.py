# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What exo 1.0.71 says about its cluster, asked from every member, because members can disagree."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Fetch, HttpError, fetch_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REQUEST_SECONDS = 5.0
USABLE_RUNNERS = frozenset({"RunnerReady", "RunnerRunning"})


@dataclass(frozen=True)
class Member:
    """A host that belongs to the cluster."""

    name: str
    address: str

    @property
    def addresses(self) -> tuple[str, str]:
        """Where its API is asked: a worker that Thunderbolt joins with this one may refuse the LAN and answer to the
        name that the thunderbolt role gives it.
        """
        return self.address, f"{self.name}.tb"


@dataclass(frozen=True)
class View:
    """What one member answers: its own identity, which is new after every start, and the topology it believes in."""

    node_id: str | None = None
    nodes: frozenset[str] = frozenset()
    edges: frozenset[tuple[str, str]] = frozenset()
    addresses: Mapping[tuple[str, str], list[str]] = field(default_factory=dict, compare=False)
    silence: str | None = None
    base: str = field(default="", compare=False)
    """Where the member answered."""


@dataclass(frozen=True)
class Picture:
    """The views of all members at one moment."""

    members: tuple[Member, ...]
    views: tuple[View, ...]

    @property
    def node_ids(self) -> dict[str, str]:
        """The present identity of each member that answers."""
        return {member.name: view.node_id for member, view in zip(self.members, self.views) if view.node_id is not None}

    @property
    def names(self) -> dict[str, str]:
        """The member behind each identity."""
        return {node_id: name for name, node_id in self.node_ids.items()}

    @property
    def unknown(self) -> frozenset[str]:
        """Identities that no member has: nodes that have just ended, or machines that are no members."""
        seen: frozenset[str] = frozenset().union(*(view.nodes for view in self.views))
        return seen - set(self.node_ids.values())

    @property
    def edges(self) -> list[dict[str, Any]]:
        """The edges between members, with the addresses the data takes."""
        names = self.names
        found: dict[tuple[str, str], set[str]] = {}
        for view in self.views:
            for (source, sink), addresses in view.addresses.items():
                if source in names and sink in names:
                    found.setdefault((names[source], names[sink]), set()).update(addresses)
        return [
            {"source": source, "sink": sink, "addresses": sorted(addresses)}
            for (source, sink), addresses in sorted(found.items())
        ]

    def missing(self, port: int) -> list[str]:
        """Say what keeps this from being one cluster: every member must see every other, and reach it both ways."""
        sentences = [
            f"{member.name} is silent: {view.silence}. Is exo running there with API port {port}?"
            for member, view in zip(self.members, self.views)
            if view.silence is not None
        ]
        identities = self.node_ids
        for member, view in zip(self.members, self.views):
            if view.node_id is None:
                continue
            unseen = [name for name, node_id in identities.items() if node_id not in view.nodes]
            if unseen:
                sentences.append(
                    f"{member.name} does not see {' and '.join(unseen)}: all need the same version and namespace "
                    f"(EXO_LIBP2P_NAMESPACE), and mDNS (UDP 5353) has to pass between them."
                )
            lost = [
                f"{source} to {sink}"
                for source, source_id in identities.items()
                for sink, sink_id in identities.items()
                if source != sink and source_id in view.nodes and sink_id in view.nodes
                if (source_id, sink_id) not in view.edges
            ]
            if lost:
                sentences.append(
                    f"{member.name} knows no connection from {', nor from '.join(lost)}: all need API port {port}, "
                    f"open between them."
                )
        return sentences


def parse_topology(node_id: str, topology: Any) -> View:
    """Return the view in an answer of `/state/topology`.

    A cable appears as an RDMA entry without an address, also where RDMA is off: only a probed address is a connection.
    """
    probed = {
        (source, sink): sorted(edge["sinkMultiaddr"]["ip_address"] for edge in edges if edge.get("sinkMultiaddr"))
        for source, sinks in (topology.get("connections") or {}).items()
        for sink, edges in sinks.items()
    }
    addresses = {pair: found for pair, found in probed.items() if found}
    return View(node_id, frozenset(topology.get("nodes") or ()), frozenset(addresses), addresses)


def look(members: Sequence[Member], port: int, fetch: Fetch) -> Picture:
    """Ask every member at once."""
    with ThreadPoolExecutor(max_workers=max(1, min(16, len(members)))) as pool:
        views = list(pool.map(lambda member: _view(member, port, fetch), members))
    return Picture(tuple(members), tuple(views))


def _view(member: Member, port: int, fetch: Fetch) -> View:
    views = []
    for address in member.addresses:
        views.append(_view_at(f"http://{address}:{port}", fetch))
        if views[-1].silence is None:
            return views[-1]
    return views[0]


def _view_at(base: str, fetch: Fetch) -> View:
    try:
        node_id = fetch_json(fetch, f"{base}/node_id", REQUEST_SECONDS)
        if not isinstance(node_id, str):
            return View(silence=f"{base}/node_id gives no node identity, so something else than exo answers there")
        topology = fetch_json(fetch, f"{base}/state/topology", REQUEST_SECONDS)
        return replace(parse_topology(node_id, topology), base=base)
    except HttpError as error:
        return View(silence=str(error).rstrip("."))
    except AttributeError:
        return View(silence=f"{base}/state/topology has an unknown form, so exo there has another version")


def downloaded_models(base: str, fetch: Fetch) -> list[str]:
    """Return the models that lie complete on some node."""
    answer = fetch_json(fetch, f"{base}/v1/models?status=downloaded", REQUEST_SECONDS)
    return sorted(model["id"] for model in answer.get("data", []))


def instances(base: str, fetch: Fetch, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the placed models: usable only when every runner is ready and every node of theirs still lives."""
    placed = fetch_json(fetch, f"{base}/state/instances", REQUEST_SECONDS)
    runners = fetch_json(fetch, f"{base}/state/runners", REQUEST_SECONDS) if placed else {}
    found = []
    for instance_id, tagged in sorted(placed.items()):
        kind, instance = next(iter(tagged.items()))
        assignments = instance["shardAssignments"]
        states = {
            node: next(iter(runners.get(runner) or {"absent": None}))
            for node, runner in assignments["nodeToRunner"].items()
        }
        found.append(
            {
                "id": instance_id,
                "kind": kind,
                "model": assignments["modelId"],
                "nodes": sorted(names.get(node, node) for node in states),
                "ready": all(state in USABLE_RUNNERS and node in names for node, state in states.items()),
            }
        )
    return found
