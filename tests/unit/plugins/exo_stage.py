# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A play of an exo cluster for tests: hosts, what each of them answers, and how that changes while time passes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Answer, HttpError

if TYPE_CHECKING:
    from tests.unit.plugins.harness import Clock

PORT = 52415


def topology(*edges: str, nodes: str = "") -> dict[str, Any]:
    """Build an answer of `/state/topology`: `topology("AB", "BA")` has two nodes and an edge each way."""
    connections: dict[str, Any] = {}
    for source, sink in edges:
        connections.setdefault(source, {})[sink] = [{"sinkMultiaddr": {"ip_address": f"10.0.0.{ord(sink)}"}}]
    return {"nodes": sorted({*nodes, *"".join(edges)}), "connections": connections}


@dataclass
class Stage:
    """Answers requests by the second in which they are made; a host that has no entry is silent."""

    clock: Clock
    scenes: list[tuple[float, dict[str, tuple[str, dict[str, Any]]]]]
    pages: dict[str, Any] = field(default_factory=dict)
    start: float = 0.0

    def __post_init__(self) -> None:
        """Begin now."""
        self.start = self.clock.time

    def fetch(self, url: str, timeout: float) -> Answer:
        """Answer one request."""
        address, _, path = url.removeprefix("http://").partition("/")
        host = address.removesuffix(f":{PORT}")
        seconds = self.clock.time - self.start
        scene = [hosts for begin, hosts in self.scenes if begin <= seconds][-1]
        if host not in scene:
            raise HttpError(f"{url} does not answer: connection refused")
        node_id, view = scene[host]
        pages = {"node_id": node_id, "state/topology": view, **self.pages}
        if path not in pages:
            return Answer(404, b'{"detail":"Not Found"}')
        if isinstance(pages[path], HttpError):
            raise pages[path]
        if isinstance(pages[path], Answer):
            return pages[path]
        return Answer(200, json.dumps(pages[path]).encode())
