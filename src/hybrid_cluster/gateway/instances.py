# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo's instances, which are lost when one of their hosts sleeps: exo says that it is there long before it can answer.

Read of exo 1.0.71: nodes count only in the topology; runners that nobody needs any more stay in its state for ever, so
only those that an instance names say anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hybrid_cluster.gateway.backends import Backends
    from hybrid_cluster.gateway.routes import Member

_SECONDS = 10.0
# A placement that fails is only in exo's log; one that is on its way is seen after some seconds.
_PLACED_AGAIN = 60.0
_READY = {"RunnerReady", "RunnerRunning"}


class NotPlaced(Exception):  # noqa: N818 - it is an answer more than it is an error
    """A model cannot answer yet; the message says what is missing."""


class Instances:
    """What exo has placed."""

    def __init__(self, backends: Backends, clock: Callable[[], float]) -> None:
        self._backends = backends
        self._clock = clock
        self._placed: dict[str, float] = {}

    async def ready(self, member: Member, hosts: int) -> None:
        """Pass where every runner of an instance is ready; order one where there is none and the member says how."""
        topology = await self._state(member, "topology")
        nodes = {str(node) for node in _list(topology, "nodes")}
        if len(nodes) < hosts:
            raise NotPlaced(f"exo knows {len(nodes)} of {hosts} hosts")
        found = list(_of(await self._state(member, "instances"), member.model))
        whole = [one for one in found if one.keys() <= nodes]
        if not whole:
            if found:
                raise NotPlaced("exo's instance waits for a host that is gone")
            await self._place(member)
        runners = await self._state(member, "runners")
        if not any(all(_status(runners, runner) in _READY for runner in one.values()) for one in whole):
            raise NotPlaced("exo's runners are not ready")

    async def _place(self, member: Member) -> None:
        how, now = member.place, self._clock()
        before = self._placed.get(member.key_of_model)
        if how is not None and (before is None or now - before >= _PLACED_AGAIN):
            self._placed[member.key_of_model] = now
            wanted = {"model_id": member.model, "sharding": how.sharding, "instance_meta": how.instance_meta}
            body = requests.encode({**wanted, "min_nodes": how.min_nodes})
            await self._backends.probe(member, "/place_instance", body, _SECONDS)
        raise NotPlaced("exo has no instance of the model")

    async def _state(self, member: Member, name: str) -> dict[str, Any]:
        raw = await self._backends.probe(member, f"/state/{name}", None, _SECONDS)
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise NotPlaced(f"exo says nothing of its {name}")
        return value


def _of(instances: dict[str, Any], model: str) -> Iterator[dict[str, str]]:
    """Yield the runners of each instance of a model, by node."""
    for tagged in instances.values():
        for instance in tagged.values() if isinstance(tagged, dict) else ():
            shards = instance.get("shardAssignments") if isinstance(instance, dict) else None
            if not isinstance(shards, dict) or shards.get("modelId") != model:
                continue
            runners = shards.get("nodeToRunner")
            if isinstance(runners, dict) and runners:
                yield {str(node): str(runner) for node, runner in runners.items()}


def _status(runners: dict[str, Any], runner: str) -> str | None:
    tagged = runners.get(runner)
    return next(iter(tagged), None) if isinstance(tagged, dict) else None


def _list(value: dict[str, Any], key: str) -> list[Any]:
    found = value.get(key)
    return found if isinstance(found, list) else []
