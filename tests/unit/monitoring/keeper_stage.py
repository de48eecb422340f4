# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A cluster of exo as data, for the keeper to look at and to plan for."""

from __future__ import annotations

from typing import Any

GIB = 2**30
HOSTS = {"mini1": "10.0.0.1", "mini2": "10.0.0.2", "mini3": "10.0.0.3"}


class Stage:
    """Three nodes A, B and C on the hosts mini1, mini2 and mini3, seen from mini1 unless said otherwise."""

    def __init__(self, module: Any, node: str = "mini1", **model: Any) -> None:
        self.plan, self.view, self.room = (module(f"exo_keeper.{name}") for name in ("plan", "view", "room"))
        settings, placed = module("exo_keeper.settings"), module("exo_keeper.exo_placed")
        wanted = {"name": "qwen", "hosts": tuple(HOSTS), "size": GIB, "layers": 4, "revision": "1", **model}
        self.settings = settings.Settings(node, dict(HOSTS), models=(settings.Model(**wanted),), removed=("gone",))
        self.watch = module("exo_keeper.watch").Watch()
        self.placed, self.node = placed.Placed, node
        self.names = {"A": "mini1", "B": "mini2", "C": "mini3"}
        self.nodes = ["A", "B", "C"]
        self.instances: dict[str, Any] = {}
        self.runners: dict[str, Any] = {}
        self.memory = dict.fromkeys(HOSTS, 8 * GIB)
        self.total: dict[str, int] = {}
        self.peers: dict[str, Any] | None = None
        self.known = {"qwen": (4, GIB)}
        self.now = 1000.0

    def place(self, identity: str, nodes: str, state: str = "RunnerReady", model: str = "qwen") -> None:
        """Have an instance with a runner on each node, in one state."""
        runners = {node: f"{identity}{node}" for node in nodes}
        shards = {"modelId": model, "nodeToRunner": runners, "runnerToShard": dict.fromkeys(runners.values())}
        self.instances[identity] = {"MlxRingInstance": {"shardAssignments": shards}}
        self.be(identity, state)

    def be(self, identity: str, state: str) -> None:
        """Set the state of an instance's runners; "" takes their entries away."""
        for node in "ABC":
            runner = f"{identity}{node}"
            if state and runner in str(self.instances.get(identity, runner)):
                self.runners[runner] = {state: {}}
            elif not state:
                self.runners.pop(runner, None)

    def look(self) -> Any:
        own = next(node for node, host in self.names.items() if host == self.node)
        if self.peers is None:
            peers = {host: self.view.Peer(node) for node, host in self.names.items() if host != self.node}
        else:
            peers = self.peers
        shards = [
            {"modelId": name, "nLayers": layers, "storageSize": {"inBytes": size}, "isCustom": True}
            for name, (layers, size) in self.known.items()
        ]
        entries = [{"DownloadCompleted": {"shardMetadata": {"S": {"modelCard": card}}}} for card in shards]
        return self.view.View(
            now=self.now,
            node_id=own,
            names=self.names,
            nodes=frozenset(self.nodes),
            edges=frozenset((one, other) for one in self.nodes for other in self.nodes if one != other),
            instances=tuple(self.placed.from_state(key, value) for key, value in self.instances.items()),
            runners=self.runners,
            downloads={own: entries},
            memory=self.memory,
            total=self.total,
            peers=peers,
        )

    def step(self, seconds: float = 5) -> list[tuple[str, str]]:
        """Let time pass in steps of five seconds, and return what is to be done at its end."""
        actions: list[Any] = []
        for _ in range(max(1, int(seconds // 5))):
            self.now += 5
            view = self.look()
            self.watch.see(self.settings, view)
            actions = self.plan.plan(self.settings, view, self.watch)
        self.actions = actions
        return [(action.kind, action.instance or action.model) for action in actions]
