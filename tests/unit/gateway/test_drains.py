# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host that is taken out of rotation gets nothing new, ends what it has, and holds what nobody else can answer."""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp
import pytest

from hybrid_cluster.gateway.drains import HELD_WITHIN
from tests.unit.gateway.fakes import ASK, CHAT, CHAT_PATH, CHAT_STREAM, STREAM, Backend, running, text_of
from tests.unit.gateway.sleeping import IN_FULL, Machine, model_on, sleeping
from tests.unit.gateway.test_sleeping import RULES, until
from tests.unit.gateway.virtual_time import run

ONE, TWO = {"hosts": ["one"]}, {"hosts": ["two"]}
BY = {"owner": "ann", "seconds": 3600}


def answering(*hosts):
    """Return a backend for each host, and what each is called in the configuration."""
    return [("llama_cpp", Backend(CHAT)) for _ in hosts], [{"hosts": [host]} for host in hosts]


async def drain(gate, host, **more):
    return await gate.administer("drain", {"host": host, **BY, **more})


def test_nothing_new_goes_to_it_and_everything_does_again(tmp_path):
    async def scenario():
        backends, members = answering("one", "two")
        async with running(tmp_path, *backends, members=members, sticky=False) as gate:
            status, told = await drain(gate, "one")
            assert status == 200
            assert (told["owner"], told["in_flight"], told["held_models"]) == ("ann", 0, [])
            assert told["until"] == pytest.approx(time.time() + 3600, abs=5)
            for _ in range(10):
                assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert [len(_questions(backend)) for _, backend in backends] == [0, 10]
            (order,) = (await gate.administer("state"))[1]["drains"]
            assert (order["host"], order["owner"]) == ("one", "ann")
            (model,) = (await gate.administer("state"))[1]["models"]
            assert [(one["hosts"], one["drained"]) for one in model["members"]] == [(["one"], True), (["two"], False)]
            assert (await gate.administer("return", {"host": "one"}))[1]["was_out"] is True
            assert (await gate.administer("return", {"host": "one"}))[1]["was_out"] is False
            for _ in range(10):
                await gate.post(CHAT_PATH, ASK)
            assert _questions(backends[0][1])
            assert (await gate.administer("state"))[1]["drains"] == []

    run(scenario())


def _questions(backend):
    return [asked for asked in backend.asked if asked.path == CHAT_PATH]


def test_what_runs_there_ends_and_is_counted(tmp_path):
    async def scenario():
        machine = Machine("one", asleep=False)
        _, slow = model_on(machine)
        backends, members = [("llama_cpp", slow), ("llama_cpp", Backend(CHAT_STREAM))], [ONE, TWO]
        members = [members[0], {**members[1], "overflow": True}]
        async with running(tmp_path, *backends, members=members) as gate:
            long = asyncio.create_task(gate.stream(CHAT_PATH, STREAM))
            await asyncio.sleep(0.1)
            assert (await drain(gate, "one"))[1]["in_flight"] == 1
            assert text_of((await gate.stream(CHAT_PATH, STREAM))[1]) == "hi"
            assert text_of((await long)[1]) == "".join(IN_FULL)
            assert (await drain(gate, "one"))[1]["in_flight"] == 0
            assert len(_questions(slow)) == 1

    run(scenario())


def test_what_runs_past_the_gateway_is_seen(tmp_path):
    async def scenario():
        backend = Backend(b"llamacpp:requests_processing 1\nllamacpp:requests_deferred 1\n")
        async with running(tmp_path, ("llama_cpp", backend), members=[ONE]) as gate:
            assert (await drain(gate, "one"))[1]["elsewhere"] == 2
            backend.answer = b"nothing of it"
            assert (await drain(gate, "one"))[1]["elsewhere"] is None

    run(scenario())


@pytest.mark.parametrize("fields", [ASK, STREAM], ids=["whole", "stream"])
@pytest.mark.parametrize("ends", ["return", "time"])
def test_the_only_host_of_a_model_holds_its_requests(tmp_path, fields, ends):
    async def scenario():
        backend = Backend(CHAT_STREAM if fields is STREAM else CHAT)
        async with running(tmp_path, ("llama_cpp", backend), members=[ONE]) as gate:
            assert (await drain(gate, "one", seconds=120))[1]["held_models"] == ["public"]
            began = asyncio.get_running_loop().time()
            asking = [asyncio.create_task(gate.stream(CHAT_PATH, fields)) for _ in range(3)]
            await asyncio.sleep(100)
            assert not any(task.done() for task in asking)
            assert _questions(backend) == []
            assert (await drain(gate, "one", seconds=120))[1]["in_flight"] == 0
            if ends == "return":
                await gate.administer("return", {"host": "one"})
            answers = [await task for task in asking]
            assert [response.status for response, _ in answers] == [200, 200, 200]
            for _, raw in answers:
                assert raw.startswith(b": waking\n" if fields is STREAM else b"{")
                assert b"hi" in raw
            waited = asyncio.get_running_loop().time() - began
            assert waited == pytest.approx(100 if ends == "return" else 220, abs=5)
            assert len(_questions(backend)) == 3

    run(scenario())


def test_who_waits_too_long_is_refused_with_a_sentence(tmp_path):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT)), members=[ONE]) as gate:
            await drain(gate, "one")
            began = asyncio.get_running_loop().time()
            response, answer = await gate.post(CHAT_PATH, ASK, timeout=aiohttp.ClientTimeout())
            assert (response.status, answer["error"]["code"]) == (503, "host_drained")
            assert answer["error"]["message"] == "Every host of the model is out of rotation: one."
            assert response.headers["Retry-After"] == "60"
            assert asyncio.get_running_loop().time() - began == pytest.approx(HELD_WITHIN, abs=2)
            # It was not the backend that failed.
            assert "hybrid_gateway_backend_failures_total{" not in await gate.figures()

    run(scenario())


def test_an_order_survives_the_gateway_and_ends_when_it_would_have(tmp_path):
    async def scenario():
        backends, members = answering("one", "two")
        async with running(tmp_path, *backends, members=members) as gate:
            await drain(gate, "one", seconds=100)
            await drain(gate, "two", seconds=100)
            # Before the answer: a sudden end forgets none.
            kept = json.loads((tmp_path / "drains.json").read_text())
            assert set(kept["drains"]) == {"one", "two"}
            assert (tmp_path / "drains.json").stat().st_mode & 0o777 == 0o600
            waits = asyncio.create_task(gate.post(CHAT_PATH, ASK))
            await asyncio.sleep(1)
            await gate.gateway.stop()
            response, answer = await waits
            assert (response.status, answer["error"]["code"]) == (503, "gateway_stops")
        kept["drains"]["two"]["until"] = time.time() - 1
        (tmp_path / "drains.json").write_text(json.dumps(kept))
        async with running(tmp_path, *backends, members=members) as gate:
            assert [one["host"] for one in (await gate.administer("state"))[1]["drains"]] == ["one"]
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert [len(_questions(backend)) for _, backend in backends] == [0, 1]
            await asyncio.sleep(101)
            assert (await gate.administer("state"))[1]["drains"] == []

    run(scenario())


def test_an_order_that_has_ended_makes_nobody_ask_again_and_again(tmp_path):
    async def scenario():
        backends, members = answering("one", "two")
        async with running(tmp_path, *backends[:1], members=members) as gate:
            drains, asked = gate.gateway._drains, []
            await drain(gate, "one", seconds=200)
            # Of a host whose model is gone since.
            drains.order("two", "ann", 10)
            waits = asyncio.create_task(gate.post(CHAT_PATH, ASK))
            await asyncio.sleep(20)
            has, drains.has = drains.has, lambda member: asked.append(member) or has(member)
            await asyncio.sleep(100)
            assert len(asked) < 10
            assert (await waits)[0].status == 200

    run(scenario())


@pytest.mark.parametrize(
    ("word", "fields", "status", "says"),
    [
        ("drain", {"host": "one", "owner": "ben", "seconds": 9}, 409, "one is out of rotation by order of ann."),
        ("drain", {"host": "six", **BY}, 404, "No model of the gateway's is on a host 'six'; there are one."),
        ("return", {"host": "six"}, 404, "No model of the gateway's is on a host 'six'; there are one."),
        ("drain", {"host": "one", "seconds": 9}, 400, "the request: 'owner' is missing."),
        ("drain", {"host": "one", "owner": "a\nb", "seconds": 9}, 400, "'owner' must be 200 printable characters"),
        ("drain", {"host": "one", "owner": "ann"}, 400, "the request: 'seconds' is missing."),
        ("load", {"model": "public", "host": "six"}, 404, "public is not on a host 'six'."),
    ],
)
def test_what_is_refused(tmp_path, word, fields, status, says):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT)), members=[ONE]) as gate:
            await drain(gate, "one")
            found, answer = await gate.administer(word, fields)
            assert found == status
            assert answer["error"]["message"].startswith(says)

    run(scenario())


def test_an_order_that_cannot_be_kept_is_not_given(tmp_path):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT)), members=[ONE]) as gate:
            (tmp_path / "drains.json").mkdir()
            status, answer = await drain(gate, "one")
            assert (status, answer["error"]["code"]) == (500, "not_kept")
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200

    run(scenario())


def test_a_host_that_sleeps_is_not_woken_for_what_waits_and_one_that_is_awake_stays_so(tmp_path):
    async def scenario():
        machine = Machine("box")
        kind, backend = model_on(machine)
        where = [{"group": "box", "hosts": ["box"]}]
        async with sleeping(tmp_path, [(kind, backend)], machine, rules=RULES, members=where) as gate:
            await until(gate, "asleep")
            await drain(gate, "box")
            waits = asyncio.create_task(gate.post(CHAT_PATH, ASK))
            await asyncio.sleep(60)
            assert machine.sendings == 0
            # To prove a model goes past the order, for who gave it.
            assert (await gate.administer("load", {"model": "public", "host": "box"}))[0] == 200
            await until(gate, "ready")
            await asyncio.sleep(3 * RULES["idle_after"])
            assert not machine.asleep
            (model,) = (await gate.administer("state"))[1]["models"]
            assert model["members"][0]["load"] == {"result": "done", "why": ""}
            assert not waits.done()
            asked = len(backend.asked)
            await gate.administer("load", {"model": "public", "host": "box"})
            await asyncio.sleep(1)
            # What it answered before proves nothing now.
            assert len(backend.asked) == asked + 1
            await gate.administer("return", {"host": "box"})
            assert (await waits)[0].status == 200
            await until(gate, "asleep")
            assert backend.mistakes == []

    run(scenario())
