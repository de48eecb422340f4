# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Edges of the topology: who answers at /node_id, asked over HTTP at every address of every peer."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING

from . import clock
from .topology import is_rdma, socket_edge

if TYPE_CHECKING:
    from collections.abc import Callable

    from .state import Event, State


async def ask(address: str, port: int) -> str | None:
    """Return the node id that answers at an address."""
    request = f"GET /node_id HTTP/1.1\r\nHost: {address}:{port}\r\nConnection: close\r\n\r\n"
    writer = None
    try:
        async with asyncio.timeout(clock.network_timeout(clock.PROBE_TIMEOUT)):
            reader, writer = await asyncio.open_connection(address, port)
            writer.write(request.encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            return None
        return str(json.loads(body))
    except (OSError, ValueError, TimeoutError):
        return None
    finally:
        if writer is not None:
            with contextlib.suppress(OSError):
                writer.close()


async def _reachable(node: str, address: str, port: int) -> tuple[str, str] | None:
    """Try an address three times; an answer of somebody else is none."""
    for _ in range(clock.PROBE_ATTEMPTS):
        answer = await ask(address, port)
        if answer is not None:
            return (node, address) if answer == node else None
        await clock.sleep(clock.PROBE_PAUSE)
    return None


class Probes:
    """One node's probing of all others, every ten seconds."""

    def __init__(self, node_id: str, port: int, state: Callable[[], State], emit: Callable[[Event], None]) -> None:
        self._node_id, self._port, self._state, self._emit = node_id, port, state, emit

    async def run(self) -> None:
        """Probe until cancelled."""
        while True:
            await self.once()
            await clock.sleep(clock.PROBE_INTERVAL)

    async def once(self) -> None:
        """Ask every address of every node, report new edges as they are found, then those that are gone."""
        state = self._state()
        network = state.data["nodeNetwork"]
        known = {
            edge["sinkMultiaddr"]["ip_address"]
            for sink in state.topology.neighbours(self._node_id)
            for edge in state.topology.edges(self._node_id, sink)
            if not is_rdma(edge)
        }
        work = [
            _reachable(node, interface["ipAddress"], self._port)
            for node in state.topology.nodes
            if node != self._node_id and node in network
            for interface in network[node]["interfaces"]
        ]
        found: set[tuple[str, str]] = set()
        for probe in asyncio.as_completed(work):
            answer = await probe
            if answer is not None and answer not in found:
                found.add(answer)
                node, address = answer
                if address not in known:
                    self._report("TopologyEdgeCreated", node, socket_edge(address, self._port))
        topology = self._state().topology
        for sink in list(topology.neighbours(self._node_id)):
            for edge in list(topology.edges(self._node_id, sink)):
                if not is_rdma(edge) and (sink, edge["sinkMultiaddr"]["ip_address"]) not in found:
                    self._report("TopologyEdgeDeleted", sink, edge)

    def _report(self, kind: str, sink: str, edge: dict[str, object]) -> None:
        self._emit({kind: {"source": self._node_id, "sink": sink, "edge": edge}})
