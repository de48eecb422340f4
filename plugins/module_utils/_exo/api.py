# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What exo 1.0.71 says about its cluster, asked from every member, because members can disagree."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Fetch, HttpError, fetch_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REQUEST_SECONDS = 5.0
USABLE_RUNNERS = frozenset({"RunnerReady", "RunnerRunning"})
HEARD_OF = timedelta(seconds=60)
_SAME_VERSION = "All members need the same version: repeat site.yml with --tags exo and without a limit."
_STOP_OTHER = "Stop what has that port there, then repeat site.yml with --tags exo."
_STUCK = "exo there is stuck or busy: look at its log, or restart it."


@dataclass(frozen=True)
class Member:
    """A host of the inventory that belongs to the cluster."""

    name: str
    address: str
    required: bool = True
    """Whether the cluster is whole only with it; a host outside of a limit is asked as well, and may be silent."""

    @property
    def addresses(self) -> tuple[str, str]:
        """Where its API is asked: a worker that Thunderbolt joins with this one may refuse the LAN and answer to the
        name that the thunderbolt role gives it.
        """
        return self.address, f"{self.name}.tb"


def members_from(entries: Iterable[Mapping[str, Any]]) -> list[Member]:
    """Return the members that a task or a check names."""
    return [Member(str(entry["name"]), str(entry["address"]), bool(entry.get("required", True))) for entry in entries]


@dataclass(frozen=True)
class View:
    """What one member answers: its own identity, which is new after every start, and the topology it believes in."""

    node_id: str | None = None
    nodes: frozenset[str] = frozenset()
    edges: frozenset[tuple[str, str]] = frozenset()
    addresses: Mapping[tuple[str, str], list[str]] = field(default_factory=dict, compare=False)
    silence: str | None = None
    advice: str | None = None
    """What to do about the silence, where it is not to see whether exo runs."""
    others: frozenset[str] = field(default=frozenset(), compare=False)
    """Identities it names as alive elsewhere than among the nodes: at the end of a connection, or as just heard of."""
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
    def silent(self) -> list[str]:
        """The members whose identity is not known."""
        return [member.name for member, view in zip(self.members, self.views) if view.node_id is None]

    @property
    def unknown(self) -> frozenset[str]:
        """Identities that no member has: nodes that have just ended, silent members, or strangers."""
        seen: frozenset[str] = frozenset().union(*(view.nodes | view.others for view in self.views))
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

    @property
    def unseen(self) -> dict[str, list[str]]:
        """Of each member that answers, those that answer too and that it does not see."""
        here = [(member.name, view) for member, view in zip(self.members, self.views) if view.silence is None]
        found = {
            name: [other for other, its in here if its.node_id not in view.nodes and its.node_id != view.node_id]
            for name, view in here
        }
        return {name: others for name, others in found.items() if others}

    def missing(self, port: int) -> list[str]:
        """Say what keeps this from being one cluster: every member must see every other, and reach it both ways."""
        sentences = [
            f"{member.name} is silent: {view.silence}. {view.advice or f'Is exo running there with API port {port}?'}"
            for member, view in zip(self.members, self.views)
            if view.silence is not None and member.required
        ]
        return sentences + self._shared_identities() + self._parted(port, required=True)

    def _shared_identities(self) -> list[str]:
        """Say where one process answers for two members, and which of their addresses is wrong."""
        holders: dict[str, list[tuple[Member, View]]] = {}
        for member, view in zip(self.members, self.views):
            if view.node_id is not None:
                holders.setdefault(view.node_id, []).append((member, view))
        return [_one_machine(found) for found in holders.values() if len(found) > 1]

    def apart(self, port: int) -> list[str]:
        """Say the same of members that need not be there, but answer."""
        return self._parted(port, required=False)

    def _parted(self, port: int, *, required: bool) -> list[str]:
        """Say who does not see or reach whom, among the required members or between those and others."""
        sentences = []
        advice = "" if required else " A run with --tags exo and without a limit gives all of them both."
        here = [(member, view) for member, view in zip(self.members, self.views) if view.silence is None]
        for member, view in here:
            unseen = [
                other.name
                for other, its in here
                if (other.required and member.required) == required and its.node_id not in view.nodes
            ]
            if unseen:
                sentences.append(
                    f"{member.name} does not see {' and '.join(unseen)}: all need the same version and namespace "
                    f"(EXO_LIBP2P_NAMESPACE), and mDNS (UDP 5353) has to pass between them.{advice}"
                )
            lost = [
                f"{source.name} to {sink.name}"
                for source, source_view in here
                for sink, sink_view in here
                if source_view.node_id != sink_view.node_id
                and (source.required and sink.required and member.required) == required
                and {source_view.node_id, sink_view.node_id} <= view.nodes
                and (source_view.node_id, sink_view.node_id) not in view.edges
            ]
            if lost:
                sentences.append(
                    f"{member.name} knows no connection from {', nor from '.join(lost)}: all need API port {port}, "
                    f"open between them."
                )
        return sentences


def _one_machine(found: Sequence[tuple[Member, View]]) -> str:
    """Say what leads to one machine: what the inventory has, or a name of the thunderbolt role's in /etc/hosts."""
    names = [member.name for member, _ in found]
    stale = [name for member, view in found for name in member.addresses[1:] if f"//{name}:" in view.base]
    if stale:
        return (
            f"{' and '.join(names)} answer with one identity, so {' and '.join(stale)} leads to another machine: "
            "repeat site.yml with --tags thunderbolt, which writes these names to /etc/hosts."
        )
    return (
        f"{' and '.join(names)} answer with one identity, so their addresses lead to one machine: correct ansible_host."
    )


def parse_topology(node_id: str, topology: Mapping[str, Any]) -> View:
    """Return the view in an answer of `/state/topology`.

    A cable appears as an RDMA entry without an address, also where RDMA is off: only a probed address is a connection.
    """
    connections: Mapping[str, Any] = topology.get("connections") or {}
    probed = {
        (source, sink): sorted(filter(None, map(_address, edges or ())))
        for source, sinks in connections.items()
        for sink, edges in (sinks or {}).items()
    }
    addresses = {pair: found for pair, found in probed.items() if found}
    nodes = frozenset(topology.get("nodes") or ())
    ends = frozenset(connections).union(*probed)
    return View(node_id, nodes, frozenset(addresses), addresses, others=ends - nodes)


def _address(edge: Any) -> str | None:
    """Return the address at which an edge reaches its sink."""
    multiaddress = edge.get("sinkMultiaddr") if isinstance(edge, dict) else None
    return multiaddress.get("ip_address") if isinstance(multiaddress, dict) else None


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
    return next((view for view in views if view.node_id is not None), views[0])


def _view_at(base: str, fetch: Fetch) -> View:
    try:
        node_id = fetch_json(fetch, f"{base}/node_id", REQUEST_SECONDS)
    except HttpError as error:
        said = str(error).rstrip(".")
        return View(silence=said, advice=None if _is_silence(said) else _STOP_OTHER, base=base)
    if not isinstance(node_id, str):
        silence = f"{base}/node_id gives no node identity, so something else than exo answers there"
        return View(silence=silence, advice=_STOP_OTHER, base=base)
    try:
        view = parse_topology(node_id, fetch_json(fetch, f"{base}/state/topology", REQUEST_SECONDS))
    except HttpError as error:
        said = str(error).rstrip(".")
        if _is_silence(said):
            return View(node_id, silence=said, advice=_STUCK, base=base)
        return View(node_id, silence=f"{said}, so exo there has another version", advice=_SAME_VERSION, base=base)
    except (AttributeError, TypeError):
        silence = f"{base}/state/topology has an unknown form, so exo there has another version"
        return View(node_id, silence=silence, advice=_SAME_VERSION, base=base)
    heard = _heard_of(state(base, fetch, "lastSeen"))
    return replace(view, base=base, others=view.others | heard - view.nodes)


def _is_silence(said: str) -> bool:
    return " does not answer: " in said


def _heard_of(last_seen: Mapping[str, Any]) -> frozenset[str]:
    """Return who was heard of within a minute of the latest; the times are the master's."""
    times: dict[str, datetime] = {}
    for node_id, text in last_seen.items():
        # To the second, all of one clock: Python 3.9 reads fractions of three or six digits only.
        with contextlib.suppress(ValueError):
            times[node_id] = datetime.fromisoformat(str(text)[: len("2026-11-21T06:43:11")])
    return frozenset(node_id for node_id, time in times.items() if max(times.values()) - time < HEARD_OF)


def state(base: str, fetch: Fetch, part: str) -> Mapping[str, Any]:
    """Return a part of the state that tells more, and is not needed: a version without it has an empty one."""
    try:
        answer = fetch_json(fetch, f"{base}/state/{part}", REQUEST_SECONDS)
    except HttpError:
        return {}
    return answer if isinstance(answer, dict) else {}


def downloaded_models(base: str, fetch: Fetch) -> list[str]:
    """Return the models that lie complete on some node."""
    answer = fetch_json(fetch, f"{base}/v1/models?status=downloaded", REQUEST_SECONDS)
    return sorted(model["id"] for model in answer.get("data", []))


@dataclass(frozen=True)
class Instance:
    """A model that is placed."""

    id: str
    kind: str
    model: str
    nodes: list[str]
    """The members that run it; a node that is not a member by its identity."""
    ready: bool
    waiting: Mapping[str, str]
    """The state of each of its runners that cannot answer, by node."""


def placed(base: str, fetch: Fetch, names: Mapping[str, str]) -> list[Instance]:
    """Return the placed models: usable only when every runner is ready and every node of theirs still lives.

    What has an unknown form is not ready: nobody knows whether it could answer.
    """
    entries = state(base, fetch, "instances")
    runners = state(base, fetch, "runners") if entries else {}
    found = []
    for instance_id, tagged in sorted(entries.items()):
        kind, content = _tagged(tagged)
        assignments = _mapping(content.get("shardAssignments"))
        node_to_runner = _mapping(assignments.get("nodeToRunner"))
        statuses = {node: _tagged(runners.get(runner), "absent")[0] for node, runner in node_to_runner.items()}
        waiting = {
            names.get(node, node): status
            for node, status in statuses.items()
            if status not in USABLE_RUNNERS or node not in names
        }
        unassigned = set(_mapping(assignments.get("runnerToShard"))) - set(node_to_runner.values())
        model, nodes = str(assignments.get("modelId") or "unknown"), sorted(names.get(node, node) for node in statuses)
        ready = bool(statuses) and not (waiting or unassigned)
        found.append(Instance(instance_id, kind, model, nodes, ready, waiting))
    return found


def instances(base: str, fetch: Fetch, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the placed models as a task returns them."""
    return [
        {"id": one.id, "kind": one.kind, "model": one.model, "nodes": one.nodes, "ready": one.ready}
        for one in placed(base, fetch, names)
    ]


def _tagged(value: Any, missing: str = "unknown") -> tuple[str, Mapping[str, Any]]:
    """Take apart exo's way of naming a kind, a mapping with one key."""
    if isinstance(value, dict) and len(value) == 1:
        ((kind, content),) = value.items()
        return str(kind), _mapping(content)
    return missing if value is None else "unknown", {}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
