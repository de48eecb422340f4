# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What goes past the gateway keeps hosts awake, and nothing is lost when a host, HAProxy or the gateway ends."""

from __future__ import annotations

import asyncio

import pytest

from hybrid_cluster.gateway import direct as tables
from tests.contract.gateway_front import front as fronts
from tests.contract.gateway_front.front import ASK, BACKEND, eventually
from tests.unit.gateway.fakes import CHAT, CUT, SILENT, Backend, chunk, running, sse
from tests.unit.gateway.fakes import run as run_shortly
from tests.unit.gateway.sleeping import Machine, sleeping

STREAM = {**ASK, "stream": True}
WORDS = 40


def run(scenario):
    run_shortly(scenario)


def slowly(seconds):
    """Return a backend whose streams take some seconds; other answers are whole at once."""

    async def answer(request):
        from aiohttp import web

        if b'"stream":true' not in backend.asked[-1].raw.replace(b" ", b""):
            return web.json_response(CHAT)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for number in range(WORDS):
            await response.write(sse(chunk({"content": f"{number} "}))[0])
            await asyncio.sleep(seconds / WORDS)
        await response.write(b"".join(sse(chunk({}, "stop"), "[DONE]")))
        return response

    backend = Backend(answer)
    return backend


def whole(raw):
    return raw.endswith(b"data: [DONE]\n\n") and raw.count(b'"content"') == WORDS


RULES = {"idle_after": 1, "awake_at_least": 1, "again_after": 1, "veto_within": 5}


def asleep_soon(folder, machine, backend):
    described = fronts.described(folder)
    configuration = described.pop("configuration")
    described["members"][0]["group"] = machine.name
    return sleeping(folder, [("llama_cpp", backend)], machine, rules=RULES, configuration=configuration, **described)


def test_a_host_stays_awake_while_a_stream_goes_past_the_gateway_and_wakes_for_the_next(place, tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, boots=1, goes=0.5)
        backend = slowly(5)
        async with asleep_soon(tmp_path, machine, backend) as gate, place(gate) as front:
            await front.passes()
            async with front.ask(STREAM) as response:
                assert whole(await response.read())
            assert "suspend" not in machine.orders

            async def sleeps():
                return machine.asleep

            await eventually(sleeps)
            before = await front.passed()
            assert (await front.answer())[0] == 200
            assert await front.passed() == before
            assert machine.sendings == 1

    run(scenario())


def test_no_host_sleeps_for_as_long_as_haproxy_does_not_say_what_it_runs(place, tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, boots=1, goes=0.5)
        async with asleep_soon(tmp_path, machine, slowly(1)) as gate:
            async with place(gate) as front:
                await front.passes()
            await asyncio.sleep(5)
            assert "suspend" not in machine.orders
            assert "front_told 0\n" in await gate.figures()

    run(scenario())


def test_requests_while_hosts_go_to_sleep_are_all_answered(place, tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, boots=0.5, goes=0.3)
        async with asleep_soon(tmp_path, machine, slowly(1)) as gate, place(gate) as front:
            await front.passes()
            found = []
            for number in range(40):
                # Around the moment at which it is sent to sleep.
                await asyncio.sleep(1.0 + (number % 8) * 0.05 if number % 4 == 0 else 0)
                found.append((await front.answer())[0])
            assert set(found) == {200}

    run(scenario())


def test_streams_and_what_is_known_outlive_ten_reloads(place, tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, boots=1, goes=0.5)
        async with asleep_soon(tmp_path, machine, slowly(12)) as gate, place(gate) as front:
            await front.passes()
            async with front.ask(STREAM) as response:
                reading = asyncio.create_task(response.read())
                for _ in range(10):
                    await front.reload()
                counts = await front.told.counts()
                # The old worker has it; the new one has been told again.
                assert counts[BACKEND].running == 1
                await front.passes()
                assert whole(await reading)
            assert "suspend" not in machine.orders

    run(scenario())


def test_a_host_that_dies_is_one_error_and_then_the_gateways(place, tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("llama_cpp", None), **fronts.described(tmp_path)) as gate, place(gate) as front:

            async def told():
                return "hybrid_gateway_front_told 1\n" in await gate.figures()

            await eventually(told)
            status, value = await front.answer()
            assert (status, value["error"]["code"]) == (503, "backend_unreachable")
            gate.log.clear()
            status, value = await front.answer()
            assert (status, value["error"]["code"]) == (503, "backend_unreachable")
            assert [line["status"] for line in gate.lines()] == [503]
        assert backend.asked == []

    run(scenario())


@pytest.mark.parametrize(("parts", "status"), [([CUT], 200), ([*sse(chunk({"content": "a"})), CUT], 200)])
def test_an_answer_that_breaks_off_does_not_look_whole(direct, parts, status):
    async def scenario():
        async with direct(backend := Backend(CHAT)) as (_, front):
            backend.answer = parts
            async with front.ask(STREAM) as response:
                assert response.status == status
                with pytest.raises(Exception, match=r"payload|Connection"):
                    await response.read()

    run(scenario())


async def thinks(_request):
    """Say nothing yet."""
    await asyncio.sleep(20)


@pytest.mark.parametrize("answer", [[*sse(chunk({"content": "a"})), SILENT], thinks], ids=["later", "before a word"])
def test_a_backend_is_stopped_when_its_client_leaves(direct, answer):
    async def scenario():
        async with direct(backend := Backend(CHAT)) as (_, front):
            backend.answer = answer
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5), front.ask(STREAM) as response:
                    await response.read()
            async with asyncio.timeout(1):
                await backend.left.wait()

    run(scenario())


def test_a_gateway_that_is_gone_for_long_is_asked_again_about_everything(direct, monkeypatch):
    monkeypatch.setattr(tables, "LASTS", 2)

    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            await gate.gateway.stop()
            assert (await front.answer())[0] == 200
            await asyncio.sleep(2.5)
            status, value = await front.answer()
            assert (status, value["error"]["code"]) == (503, "gateway_down")

    run(scenario())


def test_places_of_a_model_are_kept_free_for_those_who_wait_at_the_gateway(direct):
    async def scenario():
        async with direct(backend := Backend(CHAT), slots=1) as (gate, front):
            backend.answer = [*sse(chunk({"content": "a"})), SILENT]
            async with front.ask(STREAM) as response:
                assert response.status == 200
                before, _ = await front.passed(), gate.log.clear()
                backend.answer = CHAT
                assert (await front.answer())[0] == 200
                assert await front.passed() == before
                assert [line["status"] for line in gate.lines()] == [200]

    run(scenario())


def test_the_figures_tell_of_what_goes_past(direct):
    async def scenario():
        async with direct(Backend(CHAT)) as (gate, front):
            passed = await front.passed()

            async def counted():
                return f'hybrid_gateway_passed_total{{model="public"}} {passed}\n' in await gate.figures()

            await eventually(counted)

    run(scenario())
