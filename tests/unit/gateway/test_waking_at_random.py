# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Clients that come, leave and come again, before hosts that sleep, refuse to and are slow to wake."""

from __future__ import annotations

import asyncio
import json
import random

import pytest

from tests.unit.gateway.fakes import ASK, CHAT_PATH, STREAM, text_of
from tests.unit.gateway.sleeping import IN_FULL, Machine, model_on, sleeping
from tests.unit.gateway.virtual_time import run

RULES = {"idle_after": 30, "awake_at_least": 10, "again_after": 15, "wake_within": 60}
CLIENTS = 3
SECONDS = 900


class Careful(Machine):
    """A host that notes it where it is told to sleep while it works."""

    running = 0
    told_while_busy = 0
    told = 0

    def suspend(self):
        self.told += 1
        self.told_while_busy += self.running > 0
        super().suspend()


def watched(machines):
    """Return a backend that tells its hosts how many requests it runs."""
    kind, backend = model_on(*machines)
    answer = backend.answer

    async def count(request):
        for machine in machines:
            machine.running += 1
        try:
            return await answer(request)
        finally:
            for machine in machines:
                machine.running -= 1

    backend.answer = count
    return kind, backend


async def client(gate, choose, ended):
    """Ask again and again; note how each request ended."""
    while True:
        await asyncio.sleep(choose.choice((0, 1, 40, 90)))
        stream, patience = choose.random() < 0.5, choose.choice((2, 200, 200, 200))
        try:
            async with asyncio.timeout(patience):
                response, raw = await gate.stream(CHAT_PATH, STREAM if stream else ASK)
        except TimeoutError:
            ended.append("left")
            assert patience == 2, "held for longer than a wake may take"
            continue
        whole = text_of(raw) == "".join(IN_FULL) if stream else b'"hi"' in raw
        failed = b"did not wake" in raw and (stream or response.status == 503)
        assert whole != failed, (response.status, raw)
        ended.append("whole" if whole else "refused")


async def fate(machines, choose):
    """Have hosts refuse sleep, hear no packets, or take their time."""
    while True:
        await asyncio.sleep(20)
        machine = choose.choice(machines)
        machine.vetoes = choose.choice(([], [], ["ann is logged in over SSH"]))
        machine.last_veto = choose.choice(([], [], [], ["a job runs"]))
        machine.deaf = choose.random() < 0.1
        machine.silent = choose.random() < 0.1
        machine.boots, machine.goes = choose.choice((2, 10, 30)), choose.choice((1, 3, 20))


@pytest.mark.parametrize(("seed", "count"), [(1, 1), (2, 3), (3, 3)])
def test_every_request_ends_whole_or_refused_and_no_host_sleeps_while_it_works(tmp_path, seed, count):
    async def scenario():
        choose, ended = random.Random(seed), []
        machines = [Careful(f"m{number}") for number in range(1, count + 1)]
        kind, backend = watched(machines)
        name = "-".join(machine.name for machine in machines)
        async with sleeping(tmp_path, [(kind, backend)], *machines, rules=RULES) as gate:
            tasks = [asyncio.create_task(client(gate, choose, ended)) for _ in range(CLIENTS)]
            tasks.append(asyncio.create_task(fate(machines, choose)))
            done, _ = await asyncio.wait(tasks, timeout=SECONDS)
            assert not done, [task.exception() for task in done]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for machine in machines:
                machine.vetoes, machine.last_veto, machine.deaf, machine.silent, machine.goes = [], [], False, False, 1
            await asyncio.sleep(200)
            hosts = gate.gateway._waking._all[name]
            assert (hosts.group.waiting, hosts.group.in_flight) == (0, 0)
            assert gate.gateway._waking._held == {}
            assert all(machine.asleep for machine in machines), hosts.group.state
            # The state is the hosts', and nothing is left that somebody does.
            assert hosts.group.state == "asleep"
            assert set(hosts.running) == {"watch"}
            assert not [line for line in map(json.loads, gate.log) if "mistake" in line]
        assert ended.count("whole") > 20
        assert sum(machine.told for machine in machines) >= count
        assert [machine.told_while_busy for machine in machines] == [0] * count
        assert backend.mistakes == []

    run(scenario())
