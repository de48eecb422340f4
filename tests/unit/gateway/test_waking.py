# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests for models whose hosts sleep: held until the model answers, or refused once."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from hybrid_cluster.gateway.state_file import StateError
from tests.unit.gateway.fakes import ASK, CHAT_PATH, HI, MESSAGE, STREAM, Backend, text_of
from tests.unit.gateway.sleeping import IN_FULL, Machine, model_on, proofs, sleeping
from tests.unit.gateway.virtual_time import run

WAKING = b": waking\n"
TOPOLOGY = {"nodes": ["a", "b", "c"]}
SHARDS = {"modelId": "inner", "nodeToRunner": {"a": "r1", "b": "r2", "c": "r3"}}
INSTANCES = {"i": {"MlxRingInstance": {"instanceId": "i", "shardAssignments": SHARDS}}}
RUNNERS = {name: {"RunnerReady": {}} for name in ("r1", "r2", "r3")}
PLACE = {"sharding": "Pipeline", "instance_meta": "MlxRing", "min_nodes": 3}


def exo_on(*machines):
    """Return exo on hosts; its instance is lost and it wants to be told to place it, which takes a while."""
    kind, backend = model_on(*machines, kind="exo")
    answer, backend.placed, backend.orders = backend.answer, None, []

    async def handle(request):
        now = asyncio.get_running_loop().time()
        there = backend.placed is not None
        if request.path == "/place_instance":
            backend.orders.append(json.loads(backend.asked[-1].raw))
            backend.placed = now
            return web.json_response({"message": "Command received."})
        states = {
            "/state/topology": TOPOLOGY,
            "/state/instances": INSTANCES if there else {},
            "/state/runners": RUNNERS if there and now - backend.placed > 8 else {"r1": {"RunnerLoading": {}}},
        }
        if request.path in states:
            return web.json_response(states[request.path])
        return await answer(request)

    backend.answer = handle
    return kind, backend


def test_fifty_clients_of_three_sleeping_hosts_are_one_wake_for_each_host_and_whole_streams(tmp_path):
    async def scenario():
        machines = [Machine("m1", boots=20), Machine("m2", boots=35), Machine("m3", boots=28)]
        kind, backend = exo_on(*machines)
        member = {"group": "m1-m2-m3", "place": PLACE}
        async with sleeping(tmp_path, [(kind, backend)], *machines, members=[member]) as gate:
            found = await asyncio.gather(*(gate.stream(CHAT_PATH, STREAM) for _ in range(50)))
            figures = await gate.figures()
        for response, raw in found:
            assert response.status == 200
            assert text_of(raw) == "".join(IN_FULL)
            assert raw.endswith(b"data: [DONE]\n\n")
            assert b"error" not in raw
            # Before everything else, and each with one line end only.
            assert raw.startswith(WAKING * 4 + b"data: ")
        assert [machine.sendings for machine in machines] == [1, 1, 1]
        assert 'wakes_total{group="m1-m2-m3",result="woken"} 1\n' in figures
        assert 'wakes_total{group="m1-m2-m3",result="failed"} 0\n' in figures
        assert 'wake_seconds_count{group="m1-m2-m3"} 1\n' in figures
        assert 'group_state{group="m1-m2-m3",state="ready"} 1\n' in figures
        assert proofs(backend) == 1
        assert backend.orders == [{"model_id": "inner", **PLACE}]
        assert backend.mistakes == []

    run(scenario())


def test_whoever_cannot_be_told_waits_and_is_answered_within_a_second_of_the_wake(tmp_path):
    async def scenario():
        machine = Machine("box", boots=30)
        kind, backend = model_on(machine)
        async with sleeping(tmp_path, [(kind, backend)], machine) as gate:
            began = asyncio.get_running_loop().time()
            found = await asyncio.gather(
                gate.post(CHAT_PATH, ASK),
                gate.post("/api/chat", {**ASK, "stream": False}),
                gate.post("/v1/messages", MESSAGE),
                return_exceptions=True,
            )
            taken = asyncio.get_running_loop().time() - began
        assert [answer[0].status for answer in found[:2]] == [200, 200]
        assert 30 <= taken < 31
        assert machine.sendings == 1
        assert machine.packets >= 55
        assert backend.mistakes == []

    run(scenario())


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        (CHAT_PATH, ASK, lambda value: (value["error"]["code"], value["error"]["message"])[1]),
        (CHAT_PATH, {**STREAM}, None),
        (
            "/v1/messages",
            MESSAGE,
            lambda value: (value["error"]["type"] == "overloaded_error", value["error"]["message"])[1],
        ),
        ("/api/chat", {"model": "public", "messages": HI, "stream": False}, lambda value: value["error"]),
    ],
)
def test_hosts_that_do_not_wake_are_one_503_in_the_clients_words(tmp_path, path, fields, sentence):
    async def scenario():
        machine = Machine("box", deaf=True)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules={"wake_within": 60}) as gate:
            began = asyncio.get_running_loop().time()
            response, raw = await gate.stream(path, fields)
            assert 60 <= asyncio.get_running_loop().time() - began < 62
            if sentence is None:
                # It has a good status by then, so the failure is the last event.
                assert response.status == 200
                assert raw.startswith(WAKING)
                assert json.loads(raw.split(b"data: ")[1])["error"]["message"] == "box did not wake."
            else:
                assert response.status == 503
                assert sentence(json.loads(raw)) == "box did not wake."
                assert 1 <= int(response.headers["Retry-After"]) <= 60
            # The client tries again at once: nobody sends packets for it.
            response, _ = await gate.stream(path, fields)
            assert response.status == 503
            assert machine.sendings == 1
            figures = await gate.figures()
            assert "refused_quiet_total{" not in figures
            assert 'wakes_total{group="box",result="failed"} 1' in figures
            assert 'asleep{host="box"} 0\n' in figures

    run(scenario())


def test_the_time_of_the_next_try_comes_from_the_hosts_own_history_also_after_a_restart(tmp_path):
    async def scenario():
        machine = Machine("box", boots=12)
        async with sleeping(tmp_path, [model_on(machine)], machine) as gate:
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
        state = json.loads((tmp_path / "state.json").read_text())
        assert state["groups"]["box"]["woken"] == 1
        assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
        # The next gateway finds it asleep, and stops while somebody waits: that one is told when to come again.
        machine.asleep = True
        async with sleeping(tmp_path, [model_on(machine)], machine) as gate:
            waiting = asyncio.create_task(gate.post(CHAT_PATH, ASK))
            await asyncio.sleep(2)
            group = gate.gateway._waking._all["box"].group
            assert 9 < group.retry_after() < 12
            await gate.gateway.stop()
            response, value = await waiting
            assert (response.status, value["error"]["code"]) == (503, "gateway_stops")
            assert response.headers["Retry-After"] == "5"
        assert json.loads((tmp_path / "state.json").read_text())["groups"]["box"]["wakes"] == 2

    run(scenario())


def test_clients_that_leave_and_come_again_find_the_same_wake(tmp_path):
    async def scenario():
        machine = Machine("box", boots=25)
        kind, backend = model_on(machine)
        async with sleeping(tmp_path, [(kind, backend)], machine) as gate:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(5):
                        await gate.post(CHAT_PATH, ASK)
            response, _ = await gate.post(CHAT_PATH, ASK)
            assert response.status == 200
            assert 'held{group="box"} 0' in await gate.figures()
        assert machine.sendings == 1
        # Who left was not asked for.
        assert len(backend.asked) == proofs(backend) + 1

    run(scenario())


@pytest.mark.parametrize("what", ["no-key", "wrong-key", "unknown-model", "half-a-body", "bad-body", "lists"])
def test_nobody_is_woken_for_less_than_a_whole_request_that_is_allowed(tmp_path, what):
    async def scenario():
        machine = Machine("box")
        kind, backend = model_on(machine)
        async with sleeping(tmp_path, [(kind, backend)], machine) as gate:
            if what == "no-key":
                await gate.post(CHAT_PATH, ASK, headers={"Authorization": ""})
            elif what == "wrong-key":
                await gate.post(CHAT_PATH, ASK, headers={"Authorization": "Bearer hc-wrong"})
            elif what == "unknown-model":
                await gate.post(CHAT_PATH, {**ASK, "model": "odd"})
            elif what == "bad-body":
                await gate.post(CHAT_PATH, {**ASK, "messages": []})
            elif what == "half-a-body":
                reader, writer = await asyncio.open_connection(*gate.gateway.addresses[0])
                head = f"POST {CHAT_PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {gate.secret}\r\n"
                writer.write(f'{head}Content-Length: 99\r\n\r\n{{"model": "public"'.encode())
                await reader.read()
                writer.close()
            else:
                for path in ("/v1/models", "/v1/models/public", "/api/tags", "/api/ps", "/api/version"):
                    response, _ = await gate.stream(path, None, method="GET")
                    assert response.status == 200
                await gate.post("/api/show", {"model": "public"})
            await asyncio.sleep(100)
        assert (machine.sendings, backend.asked) == (0, [])

    run(scenario())


def test_a_state_that_others_may_read_is_one_sentence_at_the_start(tmp_path):
    (tmp_path / "state.json").write_text("{}")
    (tmp_path / "state.json").chmod(0o644)

    async def scenario():
        machine = Machine("box")
        async with sleeping(tmp_path, [model_on(machine)], machine):
            pass

    with pytest.raises(StateError, match="others may read it"):
        run(scenario())


def test_a_busy_hour_does_not_write_the_state_again_and_again(tmp_path, monkeypatch):
    async def scenario():
        machine = Machine("box", asleep=False)
        async with sleeping(tmp_path, [model_on(machine)], machine) as gate:
            await gate.post(CHAT_PATH, ASK)
            await asyncio.sleep(5)
            before = (tmp_path / "state.json").stat().st_mtime_ns
            for _ in range(5):
                await gate.post(CHAT_PATH, ASK)
                await asyncio.sleep(3)
            assert (tmp_path / "state.json").stat().st_mtime_ns == before

    run(scenario())


def test_hosts_that_are_awake_are_not_woken_but_the_model_proves_itself(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False)
        kind, backend = model_on(machine)
        async with sleeping(tmp_path, [(kind, backend)], machine) as gate:
            for _ in range(3):
                assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
        assert machine.sendings == 0
        assert (proofs(backend), len(backend.asked)) == (1, 4)

    run(scenario())


def test_an_awake_member_answers_before_one_that_sleeps(tmp_path):
    async def scenario():
        machine = Machine("box")
        backends = [model_on(machine), model_on()]
        async with sleeping(tmp_path, backends, machine, members=[{"group": "box"}, {}]) as gate:
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
        assert machine.sendings == 0
        assert len(backends[1][1].asked) == 1

    run(scenario())


def test_a_host_that_fell_asleep_by_itself_is_woken_for_the_request_that_finds_out(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False, boots=10)
        there = model_on(machine)
        async with sleeping(tmp_path, [("llama_cpp", None)], machine, members=[{"group": "box"}]) as gate:
            await asyncio.sleep(3)
            hosts = gate.gateway._waking._all["box"]
            # It answered a moment ago.
            (key,) = hosts.models
            hosts.group.answered(key)
            machine.asleep = True
            asked = asyncio.create_task(gate.post(CHAT_PATH, ASK))
            await asyncio.sleep(9)
            assert machine.sendings == 1
            assert not asked.done()
            asked.cancel()
        assert there[1].asked == []

    run(scenario())


@pytest.mark.parametrize(
    ("answers", "capability"),
    [
        ({"data": [{"embedding": [0.5, 0.25]}], "model": "x"}, "embedding"),
        ({"results": [{"index": 0, "relevance_score": 0.5}]}, "rerank"),
        ({"data": []}, "audio"),
    ],
)
def test_models_of_each_kind_prove_themselves_by_what_they_do(tmp_path, answers, capability):
    async def scenario():
        machine = Machine("box")
        backend = Backend({"error": {"message": "Loading model", "code": 503}}, 503)
        more = {"capabilities": [capability]}
        async with sleeping(tmp_path, [("vllm", backend)], machine, **more) as gate:
            path, fields = {
                "embedding": ("/v1/embeddings", {"model": "public", "input": "x"}),
                "rerank": ("/v1/rerank", {"model": "public", "query": "q", "documents": ["d"]}),
                "audio": ("/v1/chat/completions", ASK),
            }[capability]
            asked = asyncio.create_task(gate.post(path, fields))
            await asyncio.sleep(60)
            assert backend.asked
            assert not asked.done()
            backend.status, backend.answer = 200, answers
            await asked
        first = backend.asked[0].path
        assert first == {"embedding": "/v1/embeddings", "rerank": "/v1/rerank", "audio": "/v1/models"}[capability]

    run(scenario())
