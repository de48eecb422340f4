# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is done to hosts and asked of them: packets, connections, tokens, and their program over SSH."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway import busy, packets, presence, unloading
from hybrid_cluster.gateway.agents import AgentError, Agents
from hybrid_cluster.gateway.instances import Instances
from hybrid_cluster.gateway.proving import Prover

if TYPE_CHECKING:
    from collections.abc import Callable

    from hybrid_cluster.gateway.backends import Backends
    from hybrid_cluster.gateway.fleet import Host, Login
    from hybrid_cluster.gateway.routes import Member, Model


class Outside:
    """The hosts as they are; what cannot be asked raises AgentError."""

    def __init__(
        self, backends: Backends, login: Login | None, clock: Callable[[], float], log: Callable[[str], None]
    ) -> None:
        self._backends = backends
        self._prover = Prover(backends, Instances(backends, clock))
        self._agents = Agents(login) if login is not None else None
        self._log = log

    @property
    def may_sleep(self) -> bool:
        """Return whether hosts can be asked and told."""
        return self._agents is not None

    async def is_there(self, host: Host) -> bool:
        """Return whether a host is awake."""
        return await presence.is_there(host)

    async def send(self, host: Host) -> None:
        """Send packets to a host until cancelled."""
        await packets.send(host, lambda sentence: self._log(json.dumps({"mistake": sentence})))

    async def complaint(self, member: Member, model: Model, hosts: int, within: float) -> str:
        """Return why a model does not answer yet; nothing where it does."""
        return await self._prover.complaint(member, model, hosts, within)

    async def busy(self, member: Member) -> int | None:
        """Return how many requests a backend says that it runs; None where it does not say."""
        return await busy.running(self._backends, member)

    async def unload(self, member: Member) -> str:
        """Have a backend let go of a model, and return why it did not; nothing where it has."""
        return await unloading.unload(self._backends, member)

    async def status(self, host: Host) -> dict[str, Any]:
        """Return what speaks against the sleep of a host, and whether it was seen to wake."""
        return await self._ask(host, "status", host.mac_address)

    async def suspend(self, host: Host) -> dict[str, Any]:
        """Tell a host to sleep; it says what speaks against it where it does not go."""
        return await self._ask(host, "suspend", host.mac_address)

    async def stay(self, host: Host) -> dict[str, Any]:
        """Tell a host that was told to sleep to stay."""
        return await self._ask(host, "stay")

    async def awake(self, host: Host, seconds: int) -> dict[str, Any]:
        """Keep a host awake for a while, and have it start what was stopped for its sleep."""
        return await self._ask(host, "awake", str(seconds), host.mac_address)

    async def _ask(self, host: Host, *words: str) -> dict[str, Any]:
        if self._agents is None:
            raise AgentError("the configuration has no 'agent'")
        return await self._agents.ask(host, *words)
