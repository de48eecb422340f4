# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What administrators see and do, that nobody else can, and that to look wakes nobody."""

from __future__ import annotations

import asyncio
import json
import time

import pytest
from aiohttp import web

from hybrid_cluster.gateway.endpoints import ADMINISTRATION, ENDPOINTS, Kind
from hybrid_cluster.gateway.keys import KeyKind
from tests.unit.gateway.fakes import ASK, CHAT, CHAT_PATH, Backend, running
from tests.unit.gateway.sleeping import Machine, group, model_on, sleeping
from tests.unit.gateway.test_sleeping import RULES, until
from tests.unit.gateway.virtual_time import run

OURS = [endpoint for endpoint in ENDPOINTS if endpoint.kind is Kind.ADMIN]
WORDS = [endpoint.path.removeprefix(f"{ADMINISTRATION}/") for endpoint in OURS]


def test_what_begins_with_the_prefix_is_for_administrators_and_nothing_else_is():
    assert [one.path.startswith(f"{ADMINISTRATION}/") for one in ENDPOINTS] == [one in OURS for one in ENDPOINTS]
    assert not any(endpoint.public for endpoint in OURS)


def test_each_kind_of_key_opens_its_own_paths(tmp_path):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT))) as gate:
            for endpoint, word in zip(OURS, WORDS, strict=True):
                fields = {} if endpoint.method == "POST" else None
                status, answer = await gate.administer(word, fields, gate.secret)
                assert (status, answer["error"]["code"]) == (403, "wrong_kind_of_key"), word
                status, answer = await gate.administer(word, fields, "hc-wrong")
                assert (status, answer["error"]["code"]) == (401, "invalid_key"), word
                assert (await gate.administer(word, fields))[0] in {200, 400}, word
            for path, method in ((CHAT_PATH, "POST"), ("/v1/models", "GET")):
                asked = ASK if method == "POST" else None
                headers = {"Authorization": f"Bearer {gate.administrator}"}
                async with gate.ask(path, asked, method=method, headers=headers) as response:
                    assert response.status == 403

    run(scenario())


def test_a_host_is_woken_held_and_sent_to_sleep(tmp_path):
    async def scenario():
        machine = Machine("box")
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            await until(gate, "asleep")
            # To look, and to hold, wakes nobody.
            for _ in range(3):
                status, state = await gate.administer("state")
                await asyncio.sleep(5)
            (box,) = state["groups"]
            assert (status, box["state"], box["last_wake"], box["sleeps_at"]) == (200, "asleep", None, None)
            assert (await gate.administer("hold", {"host": "box", "seconds": 1}))[0] == 200
            assert machine.sendings == 0
            assert (await gate.administer("wake", {"host": "box"}))[1]["group"]["state"] == "waking"
            await until(gate, "ready")
            await asyncio.sleep(2)
            (box,) = (await gate.administer("state"))[1]["groups"]
            assert box["last_wake_seconds"] == pytest.approx(20, abs=2)
            assert box["last_wake"] == pytest.approx(time.time() - 2, abs=1)
            assert box["sleeps_at"] == pytest.approx(time.time() + RULES["idle_after"] - 2, abs=2)
            held = (await gate.administer("hold", {"host": "box", "seconds": 600}))[1]["group"]
            assert held["held_until"] == pytest.approx(time.time() + 600, abs=2)
            assert held["sleeps_at"] == pytest.approx(time.time() + 600 + RULES["idle_after"], abs=2)
            status, answer = await gate.administer("sleep", {"host": "box"})
            assert (status, answer["error"]["message"]) == (409, "box is held awake.")
            await asyncio.sleep(500)
            assert not machine.asleep
            assert (await gate.administer("release", {"host": "box"}))[1]["group"]["held_until"] is None
            assert (await gate.administer("sleep", {"host": "box"}))[0] == 200
            assert await until(gate, "asleep") < 10
            # Once more is no mistake.
            assert (await gate.administer("sleep", {"host": "box"}))[0] == 200
            did = [(line["administrator"], line["does"]) for line in gate.lines() if "does" in line]
            assert did == [("boss", word) for word in ("hold", "wake", "hold", "release", "sleep", "sleep")]

    run(scenario())


def test_what_people_chose_survives_a_restart(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False)
        backend = model_on(machine)
        async with sleeping(tmp_path, [backend], machine, rules=RULES) as gate:
            await until(gate, "ready")
            assert (await gate.administer("idle", {"after": 7200}))[0] == 200
            assert (await gate.administer("hold", {"host": "box", "seconds": 3600}))[0] == 200
            # What was written before a sudden end is enough.
            await asyncio.sleep(3)
            saved = json.loads((tmp_path / "state.json").read_text())["groups"]["box"]
            assert (saved["idle_after"], saved["held_for"]) == (7200, pytest.approx(3600, abs=5))
        value = json.loads((tmp_path / "state.json").read_text())
        value["time"] -= 1000
        (tmp_path / "state.json").write_text(json.dumps(value))
        async with sleeping(tmp_path, [backend], machine, rules=RULES) as gate:
            (box,) = (await gate.administer("state"))[1]["groups"]
            assert (box["idle_after"], box["idle_after_chosen"]) == (7200, True)
            # The time in which no gateway ran has passed for the hold too.
            assert box["held_until"] == pytest.approx(time.time() + 2600, abs=10)
            (box,) = (await gate.administer("idle", {"host": "box", "after": "configured"}))[1]["groups"]
            assert (box["idle_after"], box["idle_after_chosen"]) == (60, False)

    run(scenario())


def test_a_host_that_is_never_to_sleep_does_not(tmp_path):
    async def scenario():
        machine = Machine("box", asleep=False)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            await until(gate, "ready")
            await gate.administer("idle", {"host": "box", "after": "never"})
            await asyncio.sleep(1000)
            assert not machine.asleep
            await gate.administer("idle", {"host": "box", "after": 10})
            assert await until(gate, "asleep") < 20

    run(scenario())


@pytest.mark.parametrize(
    ("word", "fields", "status", "sentence"),
    [
        ("wake", {"host": "nobody"}, 404, "The gateway wakes no host 'nobody'; it wakes box."),
        ("wake", {"model": "nothing"}, 404, "model 'nothing' not found"),
        ("wake", {}, 400, "the request: 'host' is missing."),
        ("hold", {"host": "box"}, 400, "the request: 'seconds' is missing."),
        ("hold", {"host": "box", "seconds": 1e9}, 400, "the request: 'seconds' must be 31622400 seconds at most."),
        ("hold", {"host": "box", "for": 1}, 400, "the request: 'for' is not known; it may hold host, seconds."),
        ("idle", {"after": -1}, 400, "the request: 'after' must be a number of at least 0."),
        ("sleep", {"host": ["box"]}, 400, "the request: 'host' must be a text."),
        ("keys/create", {"name": "A"}, 409, "'A' is not a valid name for a key: use small letters,"),
        ("keys/create", {"name": "a", "tokens_per_day": 0}, 400, "'tokens_per_day' must be a whole number above 0."),
        ("keys/revoke", {"name": "nobody"}, 409, "There is no key 'nobody'."),
        ("keys/revoke", {"name": "boss"}, 409, "The key 'boss' is an administrator's; gateway-keys on the"),
        ("keys/rotate", {"name": "boss"}, 409, "The key 'boss' is an administrator's; gateway-keys on the"),
        ("keys/limit", {"name": "boss", "models": []}, 409, "The key 'boss' is an administrator's; gateway-keys"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(tmp_path, word, fields, status, sentence):
    async def scenario():
        machine = Machine("box")
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            found, answer = await gate.administer(word, fields)
            assert (found, sentence in answer["error"]["message"]) == (status, True), answer
            assert machine.sendings == 0

    run(scenario())


def test_a_gateway_that_can_ask_nobody_sends_nobody_to_sleep(tmp_path):
    async def scenario():
        value = {"groups": [group(Machine("box"))], "state": "state.json"}
        async with running(tmp_path, ("llama_cpp", Backend(CHAT)), configuration=value) as gate:
            for word, fields in (("sleep", {"host": "box"}), ("idle", {"after": 60})):
                status, answer = await gate.administer(word, fields)
                assert (status, "has no 'agent'" in answer["error"]["message"]) == (409, True)
            assert (await gate.administer("idle", {"after": "never"}))[0] == 200
        (tmp_path / "without").mkdir()
        async with running(tmp_path / "without", ("llama_cpp", Backend(CHAT))) as gate:
            _, answer = await gate.administer("wake", {"host": "box"})
            assert answer["error"]["message"] == "The gateway wakes no host 'box', and no other one."

    run(scenario())


def test_keys_of_clients_from_their_making_to_their_end(tmp_path):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT))) as gate:
            fields = {"name": "ann", "models": ["public"], "requests_per_minute": 5, "expires": time.time() + 60}
            status, made = await gate.administer("keys/create", fields)
            secret = made["secret"]
            assert (status, made["key"]["kind"], made["key"]["limits"]["models"]) == (200, "client", ["public"])
            assert (await gate.post(CHAT_PATH, ASK, headers={"Authorization": f"Bearer {secret}"}))[0].status == 200
            _, listed = await gate.administer("keys")
            assert secret not in json.dumps(listed)
            assert {key["name"]: key["tokens_today"] for key in listed["keys"]} == {"ann": 5, "boss": 0, "test": 0}
            # What is not named stays; null ends it.
            _, changed = await gate.administer("keys/limit", {"name": "ann", "models": None, "body_bytes": 1000})
            assert changed["key"]["limits"]["requests_per_minute"] == 5
            assert (changed["key"]["limits"]["models"], changed["key"]["limits"]["body_bytes"]) == (None, 1000)
            assert changed["key"]["expires"] == fields["expires"]
            _, changed = await gate.administer("keys/limit", {"name": "ann", "expires": None})
            assert changed["key"]["expires"] is None
            _, rotated = await gate.administer("keys/rotate", {"name": "ann"})
            for given, wanted in ((secret, 401), (rotated["secret"], 200)):
                answer = await gate.post(CHAT_PATH, ASK, headers={"Authorization": f"Bearer {given}"})
                assert answer[0].status == wanted
            assert (await gate.administer("keys/revoke", {"name": "ann"}))[1] == {"revoked": "ann"}
            assert not any(secret in line or rotated["secret"] in line for line in gate.log)
            assert {key.name: key.kind for key in gate.keys.all()} == {
                "boss": KeyKind.ADMINISTRATOR,
                "test": KeyKind.CLIENT,
            }

    run(scenario())


def test_a_model_is_loaded_where_its_hosts_sleep(tmp_path):
    async def scenario():
        machine = Machine("box")
        rules = {**RULES, "quiet": [{"from": "00:00", "to": "23:59"}]}
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=rules) as gate:
            await until(gate, "asleep")
            status, answer = await gate.administer("wake", {"model": "alias"})
            assert (status, answer["model"]["members"][0]["load"]["result"]) == (200, "running")
            await until(gate, "ready")
            await asyncio.sleep(2)
            (member,) = (await gate.administer("state"))[1]["models"][0]["members"]
            assert (member["answers"], member["load"]) == (True, {"result": "done", "why": ""})

    run(scenario())


def test_a_host_that_does_not_wake_is_the_reason(tmp_path):
    async def scenario():
        machine = Machine("box", deaf=True)
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            await until(gate, "asleep")
            await gate.administer("load", {"model": "public"})
            await asyncio.sleep(200)
            state = (await gate.administer("state"))[1]
            (member,) = state["models"][0]["members"]
            assert member["load"] == {"result": "failed", "why": "box did not wake."}
            assert (state["groups"][0]["state"], state["groups"][0]["wakes_failed"]) == ("asleep", 1)

    run(scenario())


def router(states, *, stays=False):
    """Return a backend that lists models with their states, and unloads the one that it is told to."""
    backend = Backend(None)

    async def answer(request):
        asked = backend.asked[-1]
        if asked.path in {"/models/unload", "/api/generate"} and not stays:
            states.pop(asked.fields["model"], None)
        if asked.path == "/api/ps":
            return web.json_response({"models": [{"name": name} for name in states]})
        data = [{"id": name, "status": {"value": value}} for name, value in states.items()]
        return web.json_response({"data": data, "success": True})

    backend.answer = answer
    return backend


@pytest.mark.parametrize(
    ("kind", "states", "why", "told"),
    [
        ("llama_cpp", {"inner": "loaded", "other": "loaded"}, "", ["/models/unload"]),
        ("llama_cpp", {"inner": "unloaded"}, "", []),
        ("llama_cpp", {"inner": "loaded"}, "has the model still after 90 seconds", ["/models/unload"]),
        ("ollama", {"inner:latest": "", "inner": ""}, "has the model still", ["/api/generate"]),
        ("ollama", {"inner": ""}, "", ["/api/generate"]),
        ("ollama", {"other": ""}, "", []),
        ("vllm", {}, "vLLM serves this one model as long as it runs", []),
        ("exo", {}, "take the model out of cluster_models", []),
    ],
)
def test_a_model_is_unloaded_where_its_backend_can(tmp_path, kind, states, why, told):
    async def scenario():
        backend = router(states, stays="still" in why)
        async with running(tmp_path, (kind, backend)) as gate:
            status, answer = await gate.administer("unload", {"model": "public"})
        (member,) = answer["members"]
        assert (status, member["unloaded"]) == (200, not why)
        assert why in member["why"]
        assert [asked.path for asked in backend.asked if asked.raw] == told
        assert all(asked.fields["model"] == "inner" for asked in backend.asked if asked.raw)
        assert "other" not in states or len(states) == 1

    run(scenario())


def test_a_host_that_sleeps_is_not_woken_to_unload_a_model(tmp_path):
    async def scenario():
        machine = Machine("box")
        async with sleeping(tmp_path, [model_on(machine)], machine, rules=RULES) as gate:
            await until(gate, "asleep")
            (member,) = (await gate.administer("unload", {"model": "public"}))[1]["members"]
            assert (member["unloaded"], member["why"]) == (False, "box is asleep")
            assert machine.sendings == 0

    run(scenario())
