# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Clients that are many, and wait."""

from __future__ import annotations

import asyncio
from collections import Counter

import aiohttp

from tests.sleeping_site.site import CHAT, STEADY, asks, session
from tests.sleeping_site.sleepers import wait_until
from tests.sleeping_site.wire import head

EACH = 340
ATTACKERS = ("attacker", "attacker2", "attacker3")


def at_once(site, doing):
    """Do something at each of the attackers' addresses."""
    return [one.result(120) for one in [site.at(name, doing) for name in ATTACKERS]]


def test_a_thousand_connections_that_say_nothing(abused):
    """Of three addresses; each is closed when it has no whole head in time."""

    async def hold():
        async def one(number):
            reader, writer = await asyncio.open_connection(abused.address, 8100)
            writer.write(head(None, line="POST /v1/chat/completions HTTP/1.1")[: -2 - number % 40])
            async with asyncio.timeout(20):
                said = await reader.read()
            writer.close()
            return said[9:12]

        return Counter(await asyncio.gather(*(one(number) for number in range(EACH))))

    for found in at_once(abused, hold):
        assert found == {b"408": EACH}


def test_one_address_has_so_many_connections_and_no_more(abused):
    async def hold():
        made = []
        for _ in range(600):
            try:
                made.append(await asyncio.open_connection(abused.address, 8100))
            except OSError:
                break
        await asyncio.sleep(0.5)
        ended = sum(reader.at_eof() or reader.exception() is not None for reader, _ in made)
        for _, writer in made:
            writer.close()
        return len(made) - ended

    assert abused.run("attacker", hold) <= 500


def test_a_thousand_clients_wait_for_one_model(abused):
    """Which answers one at a time: who has no place in its line is told so at once, and another key still has one."""

    async def ask(client, number):
        fields = asks(STEADY, "a slow answer", stream=bool(number % 2))
        try:
            async with client.post(abused.url + CHAT, json=fields) as answer:
                if answer.status == 200:
                    await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__

    async def wait():
        timeout = aiohttp.ClientTimeout(total=10)
        async with session(abused.secrets["attacker"], timeout=timeout) as client:
            return Counter(await asyncio.gather(*(ask(client, number) for number in range(EACH))))

    found = sum(at_once(abused, wait), Counter())
    assert found[429] > 0, found
    assert set(found) <= {200, 429, "TimeoutError"}
    # Who left keeps nothing.
    running = f'hybrid_gateway_running{{model="{STEADY}"}} '
    wait_until(
        lambda: float(abused.figures().partition(running)[2].split()[0]) <= 1, "nobody is left but the neighbour"
    )
