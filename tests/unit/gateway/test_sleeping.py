# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hosts that are sent to sleep when nobody needs them, and are called back when somebody does."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.gateway.fakes import ASK, CHAT_PATH, STREAM, Backend, text_of
from tests.unit.gateway.sleeping import IN_FULL, Machine, at, model_on, sleeping
from tests.unit.gateway.virtual_time import run

RULES = {"idle_after": 60, "awake_at_least": 30, "again_after": 20}


def now():
    return asyncio.get_running_loop().time()


def state(gate, name="box"):
    return str(gate.gateway._waking._all[name].group.state)


async def until(gate, wanted, limit=400, name="box"):
    """Wait for a state, and return how long it took."""
    began = now()
    while state(gate, name) != wanted:
        assert now() - began < limit, state(gate, name)
        await asyncio.sleep(0.1)
    return now() - began


def test_a_host_sleeps_after_its_last_request_has_ended_and_wakes_for_the_next(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False)
        kind, backend = model_on(machine)
        released = asyncio.Event()
        answer = backend.answer

        async def slow(request):
            if backend.asked[-1].fields.get("stream"):
                await released.wait()
            return await answer(request)

        backend.answer = slow
        async with sleeping(tmp_path, [(kind, backend)], machine, rules=RULES) as gate:
            long = asyncio.create_task(gate.stream(CHAT_PATH, STREAM))
            # It runs for much longer than a host may idle.
            await asyncio.sleep(200)
            assert "suspend" not in machine.orders
            released.set()
            assert text_of((await long)[1]) == "".join(IN_FULL)
            taken = await until(gate, "asleep")
            assert 60 <= taken < 65
            assert machine.orders[-2:] == ["status", "suspend"]
            assert machine.asleep
            assert 'asleep{host="box"} 1\n' in await gate.figures()
            await asyncio.sleep(500)
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            figures = await gate.figures()
        said = [line["state"] for line in gate.lines() if "state" in line]
        assert said == ["ready", "draining", "suspending", "asleep", "waking", "ready"]
        assert 'sleeps_total{group="box",result="asleep"} 1\n' in figures
        assert 'asleep_seconds_total{group="box"} 5' in figures
        assert 'asleep{host="box"} 0\n' in figures
        assert 'seen_to_wake{group="box"} 1\n' in figures
        assert machine.sendings == 1
        assert backend.mistakes == []

    run(scenario())


@pytest.mark.parametrize("path", ["/v1/models", "/api/tags", "/api/ps"])
def test_lists_do_not_count_as_use(tmp_path, path):
    async def scenario():
        machine = Machine("box", asleep=False)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            asking = asyncio.create_task(until(gate, "asleep"))
            while not asking.done():
                assert (await gate.stream(path, None, method="GET"))[0].status == 200
                await asyncio.sleep(5)
            assert await asking < 70
            for _ in range(3):
                assert (await gate.stream(path, None, method="GET"))[0].status == 200
            await asyncio.sleep(60)
        assert machine.sendings == 0

    run(scenario())


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ({"vetoes": ["ann is logged in over SSH"]}, "box: ann is logged in over SSH"),
        ({"last_veto": ["training holds it"]}, "box: training holds it"),
        ({"silent": True}, "box says nothing"),
        ({"proved": False}, None),
    ],
)
def test_a_host_stays_awake_while_anything_speaks_against_sleep_or_nothing_is_known(tmp_path, trouble, said):
    async def scenario():
        machine = Machine("box", asleep=False)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            # It was seen to wake, so far.
            await asyncio.sleep(5)
            for name, value in trouble.items():
                setattr(machine, name, value)
            await asyncio.sleep(150)
            assert not machine.asleep
            assert not machine.going
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            if said:
                assert any(said in line for line in gate.log)
            # The reason goes, and so does the host.
            machine.vetoes, machine.last_veto, machine.silent, machine.proved = [], [], False, True
            await until(gate, "asleep")

    run(scenario())


def test_a_backend_that_others_ask_keeps_its_host_awake(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False)
        kind, backend = model_on(machine)
        answer, busy = backend.answer, [3]

        async def figures(request):
            if request.path == "/metrics":
                from aiohttp import web

                text = f"llamacpp:requests_processing {busy[0]}\nllamacpp:requests_deferred 0\n"
                return web.Response(text=text)
            return await answer(request)

        backend.answer = figures
        async with sleeping(tmp_path, [(kind, backend)], machine, rules=RULES) as gate:
            await asyncio.sleep(150)
            assert not machine.asleep
            assert any("answers 3 requests that did not come from here" in line for line in gate.log)
            busy[0] = 0
            await until(gate, "asleep")

    run(scenario())


def test_a_group_without_idle_after_is_woken_and_never_sent_to_sleep(tmp_path):
    async def scenario():
        machine = Machine("box")
        async with sleeping(tmp_path, [model_on(machine)], machine) as gate:
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            await asyncio.sleep(500)
        assert not {"status", "suspend"} & set(machine.orders)
        assert not machine.asleep

    run(scenario())


def test_a_request_while_hosts_are_asked_aborts_it(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, thinks=5)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            await until(gate, "draining")
            began = now()
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert now() - began < 1
            await asyncio.sleep(30)
        assert "suspend" not in machine.orders
        assert machine.sendings == 0

    run(scenario())


def test_a_request_just_after_the_order_calls_the_host_back(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, goes=5)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            await until(gate, "suspending")
            while not machine.going:
                await asyncio.sleep(0.05)
            began = now()
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert now() - began < 3
        assert machine.orders.count("suspend") == machine.orders.count("stay") == 1
        assert (machine.asleep, machine.sendings) == (False, 0)

    run(scenario())


def test_a_request_that_comes_too_late_waits_until_the_host_has_gone_and_wakes_it(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, goes=5, boots=20)
        # It is on its way.
        machine.stay = lambda: None
        kind, backend = model_on(machine)
        async with sleeping(tmp_path, [(kind, backend)], machine, rules=RULES) as gate:
            hosts = gate.gateway._waking
            ask = hosts._outside._ask

            async def too_late(host, *words):
                found = await ask(host, *words)
                return {"stayed": False} if words[0] == "stay" else found

            hosts._outside._ask = too_late
            await until(gate, "suspending")
            while not machine.going:
                await asyncio.sleep(0.05)
            response, raw = await gate.stream(CHAT_PATH, STREAM)
            assert text_of(raw) == "".join(IN_FULL)
        assert (response.status, machine.sendings) == (200, 1)
        assert backend.mistakes == []

    run(scenario())


def test_one_member_of_three_that_refuses_keeps_all_awake(tmp_path):
    async def scenario():
        machines = [Machine("m1", asleep=False), Machine("m2", asleep=False), Machine("m3", asleep=False)]
        machines[1].last_veto = ["a job runs"]
        async with sleeping(tmp_path, [model_on(*machines)], *machines, rules=RULES) as gate:
            await until(gate, "suspending", name="m1-m2-m3")
            await until(gate, "ready", name="m1-m2-m3")
            await asyncio.sleep(20)
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
        assert not any(machine.asleep for machine in machines)
        assert [(machine.orders.count("suspend"), machine.sendings) for machine in machines] == [(1, 0)] * 3

    run(scenario())


def test_a_host_that_does_not_go_serves_on_and_is_asked_again_later(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, goes=100_000)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            await until(gate, "suspending")
            await until(gate, "ready")
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert 'sleeps_total{group="box",result="failed"} 1\n' in await gate.figures()

    run(scenario())


def test_hosts_are_told_again_and_again_to_stay_awake_while_they_serve(tmp_path):
    async def scenario():
        machine = Machine("box")
        async with sleeping(tmp_path, [model_on(machine)], machine) as gate:
            await gate.post(CHAT_PATH, ASK)
            await asyncio.sleep(1000)
        assert machine.orders == ["awake"] * 4

    run(scenario())


QUIET = {"quiet": [{"from": "22:00", "to": "07:00", "days": ["mon", "tue", "wed", "thu", "fri"]}]}
WARM = {"prewarm": [{"from": "08:00", "to": "18:00"}]}


def clock_of(gate, text):
    """Have the wall clock of the gateway begin at a time, and go on with that of the test."""
    began, start = now(), at(text)
    from datetime import timedelta

    gate.gateway._waking._wall = lambda: start + timedelta(seconds=now() - began)


def test_at_quiet_times_requests_wake_nobody_and_afterwards_they_do(tmp_path):
    async def scenario():
        machine = Machine("box")
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=QUIET) as gate:
            # A Tuesday.
            clock_of(gate, "2026-12-01T06:50:00")
            await asyncio.sleep(3)
            response, value = await gate.post(CHAT_PATH, ASK)
            assert (response.status, response.headers["Retry-After"]) == (503, "60")
            assert value["error"]["message"] == "box sleeps at this time."
            assert 'refused_quiet_total{model="public"} 1\n' in await gate.figures()
            assert machine.sendings == 0
            await asyncio.sleep(600)
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200

    run(scenario())


@pytest.mark.parametrize("path_and_fields", [(CHAT_PATH, ASK), (CHAT_PATH, STREAM)], ids=["whole", "stream"])
def test_at_quiet_times_a_member_that_fails_is_no_refusal_that_is_meant(tmp_path, path_and_fields):
    async def scenario():
        machine = Machine("box")
        broken = Backend({"error": {"message": "out of memory"}}, 500)
        backends = [("llama_cpp", broken), model_on(machine)]
        async with sleeping(tmp_path, backends, machine, rules=QUIET, members=[{}, {"group": "box"}]) as gate:
            clock_of(gate, "2026-12-01T06:00:00")
            await asyncio.sleep(3)
            path, fields = path_and_fields
            response, _ = await (gate.stream if "stream" in fields else gate.post)(path, fields)
            assert (response.status, len(broken.asked)) == (503, 1)
            assert "refused_quiet_total{" not in await gate.figures()

    run(scenario())


def test_hosts_are_warm_before_anybody_asks_and_stay_so(tmp_path):
    async def scenario():
        machine = Machine("box")
        kind, backend = model_on(machine)
        async with sleeping(tmp_path, [(kind, backend)], machine, rules={**WARM, **RULES}) as gate:
            clock_of(gate, "2026-12-01T07:50:00")
            await asyncio.sleep(500)
            assert machine.asleep
            await asyncio.sleep(200)
            assert not machine.asleep
            assert gate.gateway._waking._all["box"].group.answers(*gate.gateway._waking._all["box"].models)
            await asyncio.sleep(400)
            began = now()
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert now() - began < 0.5
            assert "suspend" not in machine.orders
            clock_of(gate, "2026-12-01T17:59:00")
            await until(gate, "asleep")
        assert machine.sendings == 1

    run(scenario())
