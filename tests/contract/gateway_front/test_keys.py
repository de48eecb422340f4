# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keys and their limits, on both paths together."""

from __future__ import annotations

import asyncio
import time

import pytest

from hybrid_cluster.gateway.keys import KeyKind, Limits
from tests.contract.gateway_front.front import ASK, eventually
from tests.unit.gateway.fakes import CHAT, SILENT, Backend, run

MESSAGES = "/v1/messages"


async def passes(front, secret):
    """Return whether a request with a key goes past the gateway."""
    before = await front.passed()
    status, _ = await front.answer(secret=secret)
    return status == 200 and await front.passed() == before + 1


async def told(front, secret):
    """Wait until HAProxy knows a key."""

    async def knows():
        return await passes(front, secret)

    await eventually(knows)


def test_a_key_that_ends_opens_nothing_without_a_reload(direct):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            workers = await front.told.workers()
            secret = gate.keys.create("short")
            await told(front, secret)
            gate.keys.revoke("short")
            await asyncio.sleep(1)
            before = await front.passed()
            assert (await front.answer(secret=secret))[0] == 401
            assert await front.passed() == before
            assert await front.told.workers() == workers

    run(scenario())


def test_a_key_expires_by_the_clock_of_haproxy_too(direct):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            secret = gate.keys.create("short", expires=time.time() + 4)
            await told(front, secret)
            await asyncio.sleep(4)
            assert (await front.answer(secret=secret))[0] == 401

    run(scenario())


def test_a_secret_before_a_rotation_is_good_for_its_time(direct):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            old = gate.keys.create("turned")
            new = gate.keys.rotate("turned", grace=4)
            await told(front, new)
            assert await passes(front, old)
            await asyncio.sleep(4)
            assert (await front.answer(secret=old))[0] == 401
            assert await passes(front, new)

    run(scenario())


@pytest.mark.parametrize(
    ("limits", "kind", "status"),
    [
        pytest.param(Limits(models=("other",)), KeyKind.CLIENT, 404, id="another model"),
        pytest.param(Limits(models=()), KeyKind.CLIENT, 404, id="no model"),
        pytest.param(Limits(requests_per_minute=0), KeyKind.CLIENT, 429, id="no request"),
        pytest.param(Limits(), KeyKind.ADMINISTRATOR, 403, id="an administrator's"),
    ],
)
def test_a_key_that_may_not_ask_a_model_does_not(direct, limits, kind, status):
    async def scenario():
        async with direct(backend := Backend(CHAT)) as (gate, front):
            secret = gate.keys.create("narrow", limits, kind=kind)
            await asyncio.sleep(1)
            backend.asked.clear()
            assert (await front.answer(secret=secret))[0] == status
            assert backend.asked == []

    run(scenario())


def test_a_key_with_a_list_of_models_asks_those(direct):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            await told(front, gate.keys.create("listed", Limits(models=("public",))))

    run(scenario())


@pytest.mark.parametrize("header", ["x-api-key", "Authorization"])
def test_a_key_is_known_in_each_way_that_clients_send_it(direct, header):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            before = await front.passed()
            address = f"{front.address}/v1/chat/completions"
            async with gate.session.post(address, json=ASK, headers={header: gate.secret}) as response:
                assert response.status == 200
            assert await front.passed() == before + 1

    run(scenario())


def test_requests_a_minute_are_counted_over_both_paths(direct):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            secret = gate.keys.create("slow", Limits(requests_per_minute=4))
            await told(front, secret)
            # Every other one is the gateway's.
            ways = [True if number % 2 else None for number in range(6)]
            found = [(await front.answer(secret=secret, chunked=chunked))[0] for chunked in ways]
            assert found[-3:] == [429, 429, 429]
            assert found.count(200) <= 3
            status, value = await front.answer(path=MESSAGES, secret=secret, fields={**ASK, "max_tokens": 9})
            assert (status, value["type"], value["error"]["type"]) == (429, "error", "rate_limit_error")
            assert value["error"]["message"] == "The key slow may make 4 requests a minute."
            assert await passes(front, gate.secret)

    run(scenario())


def test_requests_at_once_are_counted_over_both_paths(direct):
    async def scenario():
        async with direct(backend := Backend(CHAT)) as (gate, front):
            secret = gate.keys.create("narrow", Limits(concurrent_requests=2))
            await told(front, secret)
            backend.answer = [b": hold\n", SILENT]
            stream = {**ASK, "stream": True}
            one = front.ask(stream, secret=secret)
            two = front.ask(stream, secret=secret, chunked=True)
            async with one as first:
                assert first.status == 200
                waiting = asyncio.create_task(two.__aenter__())
                await asyncio.sleep(0.5)
                status, value = await front.answer(secret=secret)
                assert (status, value["error"]["code"]) == (429, "too_many_at_once")
                waiting.cancel()
            backend.answer = CHAT

            async def free():
                return (await front.answer(secret=secret))[0] == 200

            await eventually(free)

    run(scenario())


def test_whoever_guesses_keys_is_stopped_as_before(direct):
    async def scenario():
        async with direct(Backend(CHAT)) as (_, front):
            found = [(await front.answer(secret="wrong"))[0] for _ in range(120)]
            assert set(found) == {401, 429}

    run(scenario())
