# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hosts that sleep, and a gateway before them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from aiohttp import web

from hybrid_cluster.gateway.agents import AgentError
from hybrid_cluster.gateway.holding import Patience
from hybrid_cluster.gateway.outside import Outside
from tests.unit.gateway.fakes import CHAT, Backend, running, sse

IN_FULL = [f"word{number} " for number in range(20)]
LONG_STREAM = sse(
    *({"id": "c", "choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]} for word in IN_FULL),
    {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    "[DONE]",
)


@dataclass
class Machine:
    """A host: what happens to it, and when."""

    name: str
    boots: float = 20.0
    """Seconds from a packet until it is there."""
    goes: float = 3.0
    """Seconds from the order until it is gone."""
    asleep: bool = True
    deaf: bool = False
    proved: bool = True
    silent: bool = False
    """Whether its program does not answer."""
    vetoes: list[str] = field(default_factory=list)
    last_veto: list[str] = field(default_factory=list)
    """What it finds when it is told to sleep."""
    thinks: float = 0.1
    """How long its program takes for an answer."""
    packets: int = 0
    sendings: int = 0
    """How often somebody began to send packets."""
    orders: list[str] = field(default_factory=list)
    going: bool = False
    """Whether it goes to sleep; a packet is lost then."""
    _doing: asyncio.TimerHandle | None = None

    def heard(self):
        self.packets += 1
        if self.asleep and not self.deaf and self._doing is None:
            self._later(self.boots, asleep=False)

    def _later(self, seconds, *, asleep):
        def done():
            self.asleep, self.going, self._doing = asleep, False, None

        self._doing = asyncio.get_running_loop().call_later(seconds, done)

    def suspend(self):
        self.going = True
        self._later(self.goes, asleep=True)

    def stay(self):
        if self.going:
            self._doing.cancel()
            self.going, self._doing = False, None


class Fleet(Outside):
    """The hosts of a test, in place of those of the network; models are really asked."""

    machines: ClassVar[dict[str, Machine]] = {}

    @property
    def may_sleep(self):
        return True

    async def is_there(self, host):
        await asyncio.sleep(0.01)
        return not self.machines[host.name].asleep

    async def send(self, host):
        self.machines[host.name].sendings += 1
        while True:
            self.machines[host.name].heard()
            await asyncio.sleep(0.5)

    async def _ask(self, host, *words):
        machine = self.machines[host.name]
        await asyncio.sleep(machine.thinks)
        machine.orders.append(words[0])
        if machine.silent or machine.asleep:
            raise AgentError(f"{host.name} says nothing")
        if words[0] == "suspend" and machine.last_veto:
            return {"going": False, "vetoes": machine.last_veto, "proved": machine.proved}
        if words[0] == "suspend":
            machine.suspend()
            return {"going": True}
        if words[0] == "stay":
            machine.stay()
            return {"stayed": True}
        return {"vetoes": machine.vetoes, "proved": machine.proved, "problems": []}


def group(*machines, **more):
    hosts = [
        {"name": machine.name, "address": f"10.66.1.{number}", "mac_address": f"1c:f6:4c:00:00:0{number}"}
        for number, machine in enumerate(machines, 1)
    ]
    return {"name": "-".join(machine.name for machine in machines), "hosts": hosts, **more}


@contextlib.asynccontextmanager
async def sleeping(folder, backends, *machines, groups=None, rules=None, members=None, configuration=None, **more):
    """Run a gateway before a model "public" whose hosts are one group."""
    made = groups or [group(*machines, **(rules or {}))]
    configuration = {
        "groups": made,
        "state": "state.json",
        "agent": {"user": "gateway", "key": "key", "known_hosts": "known_hosts"},
        **(configuration or {}),
    }
    outside = type("Here", (Fleet,), {"machines": {machine.name: machine for machine in machines}})
    given = members or [{"group": made[0]["name"]} for _ in backends]
    async with running(
        folder,
        *backends,
        configuration=configuration,
        outside=outside,
        members=given,
        patience=Patience(first=5, every=10),
        **more,
    ) as gate:
        yield gate


def model_on(*machines, kind="llama_cpp"):
    """Return a backend that may be asked only while its hosts are awake, and that streams where it is asked to."""
    backend = Backend(None)
    backend.mistakes = []

    async def answer(request):
        if any(machine.asleep for machine in machines):
            backend.mistakes.append(request.path)
        fields = backend.asked[-1].raw and json.loads(backend.asked[-1].raw)
        if request.method == "GET" or not fields:
            return web.json_response({})
        if not fields.get("stream"):
            return web.json_response(CHAT)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for part in LONG_STREAM:
            await response.write(part)
            await asyncio.sleep(0.02)
        return response

    backend.answer = answer
    return kind, backend


def proofs(backend):
    """Return how often a model was asked for its token."""
    return sum(1 for asked in backend.asked if asked.raw and asked.fields.get("max_tokens") == 1)


def at(text):
    return datetime.fromisoformat(text)
