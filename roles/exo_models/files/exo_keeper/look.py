# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Taking a look: exo on this node says what the cluster is, and the other keepers say who they are."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import client, memory
from .exo_placed import Placed
from .exo_state import mapping, sequence
from .view import Peer, View, edges_of, memory_of

if TYPE_CHECKING:
    from .settings import Settings

LOCAL = "127.0.0.1"
PEER_SECONDS = 2.0
DOWNLOADS_SECONDS = 15.0
"""A node's list of models is long, and changes once a minute."""
MEMORY_SECONDS = 15.0


class Looker:
    """Looks at the cluster."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._downloads: tuple[float, str, Any] = (float("-inf"), "", None)
        # Linux gives all memory back, and says nothing of what is wired.
        is_told = bool(settings.status_file) and memory.wired() is not None
        self._held = memory.Held(Path(settings.status_file).with_name("wired.json")) if is_told else None
        self._measured: tuple[float, int] = (float("-inf"), 0)

    def exo(self, path: str, body: Any = None, **options: Any) -> Any:
        """Ask exo on this node."""
        return client.ask(LOCAL, self._settings.port, path, body, **options)

    def state(self, part: str) -> Any:
        """Return a part of exo's state; a part that is not there is nothing."""
        try:
            return self.exo(f"/state/{part}")
        except client.RefusedError:
            return None

    def look(self) -> View:
        """Take a look."""
        now = time.monotonic()
        peers = self._peers()
        try:
            return self._look(now, peers)
        except client.ClientError:
            return View(now, peers=peers)

    def _look(self, now: float, peers: dict[str, Peer]) -> View:
        node_id = str(self.exo("/node_id"))
        names = {peer.node_id: host for host, peer in peers.items() if peer.node_id is not None}
        names[node_id] = self._settings.node
        names.update(self._silent(set(self._settings.others) - set(peers)))
        topology = mapping(self.state("topology"))
        instances = tuple(
            Placed.from_state(identity, entry) for identity, entry in sorted(mapping(self.state("instances")).items())
        )
        node_memory = self.state("nodeMemory")
        return View(
            now=now,
            node_id=node_id,
            names=names,
            nodes=frozenset(map(str, sequence(topology.get("nodes")))),
            edges=edges_of(topology),
            instances=instances,
            runners=mapping(self.state("runners")),
            downloads={node_id: self._own_downloads(now, node_id)},
            memory=memory_of(node_memory, names, "ramAvailable"),
            total=memory_of(node_memory, names, "ramTotal"),
            held=0 if any(node_id in placed.nodes for placed in instances) else self._held_by_none(now),
            peers=peers,
        )

    def _own_downloads(self, now: float, node_id: str) -> Any:
        asked, whose, found = self._downloads
        if whose != node_id or now - asked >= DOWNLOADS_SECONDS:
            found = self.state(f"downloads/{node_id}")
            self._downloads = (now, node_id, found)
        return found

    def _held_by_none(self, now: float) -> int:
        """Measure now and then while no model is placed on this node; a runner that ends takes some seconds."""
        measured, amount = self._measured
        if self._held is not None and now - measured >= MEMORY_SECONDS:
            if self._held.first is None:
                self._held.note()
            amount = self._held.by_nobody() or 0
            self._measured = (now, amount)
        return amount

    def forget_downloads(self) -> None:
        """Ask again at the next look what this node has."""
        self._downloads = (float("-inf"), "", None)

    def _peers(self) -> dict[str, Peer]:
        """Ask every other keeper at once."""
        with ThreadPoolExecutor(max(1, len(self._settings.others))) as pool:
            found = dict(zip(self._settings.others, pool.map(self._peer, self._settings.others.values())))
        return {host: peer for host, peer in found.items() if peer is not None}

    def _peer(self, address: str) -> Peer | None:
        try:
            said = mapping(client.ask(address, self._settings.keeper_port, "/status", seconds=PEER_SECONDS))
        except client.ClientError:
            return None
        node_id = said.get("node_id")
        models = map(mapping, sequence(said.get("models")))
        refusals = {str(model.get("name")): str(model["refusal"]) for model in models if model.get("refusal")}
        held = said.get("held")
        return Peer(
            str(node_id) if node_id else None,
            mapping(said.get("records")),
            refusals,
            held if isinstance(held, int) else 0,
        )

    def _silent(self, hosts: set[str]) -> dict[str, str]:
        """Ask exo itself who it is where the keeper does not answer; by cable it may answer to another name."""
        with ThreadPoolExecutor(max(1, len(hosts))) as pool:
            found = dict(zip(hosts, pool.map(self._identity, hosts)))
        return {identity: host for host, identity in found.items() if identity is not None}

    def _identity(self, host: str) -> str | None:
        for address in (self._settings.hosts[host], f"{host}.tb"):
            try:
                answer = client.ask(address, self._settings.port, "/node_id", seconds=PEER_SECONDS)
            except client.ClientError:
                continue
            return answer if isinstance(answer, str) else None
        return None
