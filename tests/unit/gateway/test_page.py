# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The status page as its server has it: for the web front alone, live, and gone when it should be."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from hybrid_cluster.command import inventory, status
from hybrid_cluster.command.measured import Source
from hybrid_cluster.gateway import page as package
from hybrid_cluster.gateway.fields import RouteError
from hybrid_cluster.gateway.keys import KeyKind
from hybrid_cluster.gateway.page.look import Look
from hybrid_cluster.gateway.page.settings import read_page
from hybrid_cluster.gateway.page.subjects import Subject
from tests.unit.gateway.fakes import ASK, STREAM, run
from tests.unit.gateway.paged import KEY, content, paged, state_of, told_of
from tests.unit.gateway.sleeping import Machine, model_on

FILES = Path(package.__file__).parent / "files"
RULES = {"idle_after": 1800, "awake_at_least": 0, "again_after": 1}


def box(**more):
    return Machine("box", **{"boots": 0.3, "goes": 0.3, "thinks": 0.02, **more})


def viewing(scenario, folder, machine=None):
    """Run a scenario with a viewer and the machine."""

    async def whole():
        one = machine or box()
        async with paged(folder, [model_on(one)], one, RULES) as viewer:
            await scenario(viewer, one)

    run(whole())


def test_every_file_of_the_page_is_served_and_nothing_else_is_fetched(tmp_path):
    names = {path.name for path in FILES.iterdir()}
    wanted = {"index.html"}
    for path in FILES.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//[a-z]+\.|url\(|<style|<script>| on[a-z]+=|\bstyle=", text), path.name
        wanted |= {
            name for pair in re.findall(r'(?:href|src)="([^"#]+)"|from "\./([^"]+)"', text) for name in pair if name
        }
    assert wanted == names

    async def scenario(viewer, _machine):
        for name in ["", *names]:
            async with viewer.ask(f"/{name}") as response:
                assert response.status == 200, name
                assert await response.read() == (FILES / (name or "index.html")).read_bytes()
                assert "default-src 'self'" in response.headers["Content-Security-Policy"]
                assert "unsafe" not in response.headers["Content-Security-Policy"]
        for path in ("/../server.py", "/nothing", "/admin/v1/state", "/v1/models"):
            async with viewer.ask(path) as response:
                assert response.status == 404, path

    viewing(scenario, tmp_path)


def test_it_is_for_the_web_front_alone(tmp_path):
    async def scenario(viewer, machine):
        async with viewer.ask("/-/ready", secret=None) as response:
            assert response.status == 200
        wrong = {None: 401, "hc-wrong": 401, viewer.gate.secret: 403, viewer.gate.administrator: 403}
        for secret, status_ in wrong.items():
            for path, fields in (("/", None), ("/events", None), ("/do/wake", {"host": "box"}), ("/nothing", None)):
                async with viewer.ask(path, fields, secret=secret) as response:
                    assert response.status == status_, path
        assert machine.sendings == 0

    viewing(scenario, tmp_path)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param({"Origin": "http://evil.example"}, "foreign_page", id="another origin"),
        pytest.param({"Origin": "null"}, "foreign_page", id="no origin that can be named"),
        pytest.param({"Origin": "http://[bad"}, "foreign_page", id="what is no origin"),
        pytest.param({"Origin": "http://cluster.olab:81", "Host": "cluster.olab"}, "foreign_page", id="another port"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, "foreign_page", id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, "foreign_page", id="a neighbour"),
        pytest.param({"Content-Type": "text/plain"}, "not_json", id="a form"),
    ],
)
def test_what_another_page_asks_for_is_not_done(tmp_path, headers, code):
    async def scenario(viewer, machine):
        for path, fields in (("/do/wake", {"host": "box"}), ("/v1/chat/completions", ASK)):
            given = {"Content-Type": "application/json", **headers}
            async with viewer.ask(path, method="POST", headers=given, data=json.dumps(fields)) as response:
                assert (await response.json())["error"]["code"] == code
                assert response.status in {403, 415}
        assert machine.sendings == 0

    viewing(scenario, tmp_path)


@pytest.mark.parametrize("host", ["cluster.olab", "cluster.olab:80", "CLUSTER.olab"])
def test_its_own_page_may(tmp_path, host):
    async def scenario(viewer, machine):
        headers = {"Host": host, "Origin": "http://cluster.olab", "Sec-Fetch-Site": "same-origin"}
        async with viewer.ask("/do/wake", {"host": "box"}, headers=headers) as response:
            assert response.status == 200, await response.text()
        while not machine.sendings:
            await asyncio.sleep(0)

    viewing(scenario, tmp_path)


def test_what_it_shows_is_what_the_command_says(tmp_path):
    async def scenario(viewer, _machine):
        shown = await viewer.first("status", lambda found: state_of(found, "box") == "asleep")
        told = (await viewer.gate.administer("state"))[1]
        cluster = inventory.from_content(content())
        witness = SimpleNamespace(look=lambda: (told, None))
        said = await asyncio.to_thread(status.collect, cluster, Source(cluster), witness)
        moments = {"time", "since", "idle_for"}
        assert _without(json.loads(json.dumps(said)), moments) == _without(shown, moments)
        topology = await viewer.first("topology")
        assert [cable["state"] for one in topology["networks"] for cable in one["cables"]] == ["unknown"] * 2
        assert (await viewer.first("energy"))["kwh"] is None

    viewing(scenario, tmp_path)


def _without(document, keys):
    if isinstance(document, dict):
        return {key: _without(value, keys) for key, value in document.items() if key not in keys}
    return [_without(one, keys) for one in document] if isinstance(document, list) else document


def test_a_wake_is_told_while_it_happens(tmp_path):
    async def scenario(viewer, _machine):
        seen = []
        async with contextlib.aclosing(viewer.events()) as events:
            async for name, document in events:
                if name != "status":
                    continue
                told = told_of(document, "box")
                if told["state"] not in seen:
                    seen.append(told["state"])
                if told["state"] == "asleep":
                    async with viewer.ask("/do/wake", {"host": "box"}) as response:
                        assert (await response.json())["group"]["state"] == "waking"
                if told["state"] == "ready":
                    break
        assert seen[-3:] == ["asleep", "waking", "ready"]
        (wake,) = told["wakes"]
        assert wake["time"] == pytest.approx(time.time(), abs=5)
        assert 0 < wake["seconds"] < 5
        async with viewer.ask("/do/hold", {"host": "box", "seconds": 600}) as response:
            assert (await response.json())["group"]["held_until"] == pytest.approx(time.time() + 600, abs=5)
        # Until then the gateway does not know whether it may sleep at all.
        await viewer.first("status", lambda found: told_of(found, "box")["seen_to_wake"])
        async with viewer.ask("/do/sleep", {"host": "box"}) as response:
            assert (response.status, (await response.json())["error"]["message"]) == (409, "box is held awake.")
        did = [(line["administrator"], line["does"]) for line in viewer.gate.lines() if "does" in line]
        assert did == [(KEY, "wake"), (KEY, "hold")]

    viewing(scenario, tmp_path)


@pytest.mark.parametrize("word", ["keys/create", "idle", "unload", "answer", ""])
def test_nothing_else_is_done_here(tmp_path, word):
    async def scenario(viewer, _machine):
        async with viewer.ask(f"/do/{word}", {"name": "mine"}) as response:
            assert response.status == 404
        async with viewer.ask("/do/wake") as response:
            assert response.status == 405
        assert [key.name for key in viewer.gate.keys.all()] == ["test", KEY]

    viewing(scenario, tmp_path)


def test_a_chat_is_streamed_and_counted(tmp_path):
    async def scenario(viewer, _machine):
        async with viewer.ask("/v1/chat/completions", STREAM) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/event-stream"
            said = await response.text()
        assert "word19" in said
        assert said.rstrip().endswith("data: [DONE]")
        (line,) = [line for line in viewer.gate.lines() if line.get("endpoint") == "/v1/chat/completions"]
        assert (line["key"], line["model"], line["status"]) == (KEY, "public", 200)
        assert 'hybrid_gateway_requests_total{model="public"' in await viewer.gate.figures()
        shown = await viewer.first("status")
        assert shown["pool"]["tokens_per_second"] > 0

    viewing(scenario, tmp_path, box(asleep=False))


def test_who_looks_does_not_keep_the_gateway_from_stopping(tmp_path):
    async def whole():
        machine = box()
        async with paged(tmp_path, [model_on(machine)], machine, RULES) as viewer:
            events = viewer.events()
            await anext(events)
            began = time.monotonic()
            await viewer.gate.gateway.stop()
            assert time.monotonic() - began < 5
            # Nobody is left hanging.
            async for _ in events:
                pass

    run(whole())


def a_look(subjects, log=None, **more):
    async def told():
        return {"groups": [], "models": []}

    return Look(subjects, told, (log if log is not None else []).append, **more)


def test_nothing_is_collected_while_nobody_looks():
    async def scenario():
        times = []
        look = a_look([Subject("status", 0.01, lambda _: times.append(1) or {"n": len(times)})], quiet=0.05)
        await asyncio.sleep(0.1)
        assert times == []
        async with contextlib.aclosing(look.watch()) as watched:
            assert await anext(watched) == ("status", {"n": 1})
            assert (await anext(watched))[1]["n"] == 2
        await asyncio.sleep(0.05)
        before = len(times)
        await asyncio.sleep(0.2)
        assert len(times) == before
        # And again for the next one, who sees nothing of before.
        async with contextlib.aclosing(look.watch()) as watched:
            assert (await anext(watched))[1]["n"] > before
        await look.close()

    run(scenario())


def test_two_who_look_cost_as_much_as_one():
    async def scenario():
        times = []
        look = a_look([Subject("status", 60, lambda _: times.append(1) or {"n": len(times)})], quiet=0.05)
        async with contextlib.aclosing(look.watch()) as one, contextlib.aclosing(look.watch()) as other:
            assert await anext(one) == await anext(other) == ("status", {"n": 1})
            assert await anext(one) is None
            look.poke()
            assert await anext(one) == await anext(other) == ("status", {"n": 2})
        await look.close()

    run(scenario())


def test_what_cannot_be_found_out_is_said_and_the_rest_goes_on():
    def fails(_told):
        raise RuntimeError("why")

    async def scenario():
        log = []
        look = a_look([Subject("status", 60, lambda _: {"well": True}), Subject("energy", 60, fails)], log)
        async with contextlib.aclosing(look.watch()) as watched:
            found = dict([await anext(watched), await anext(watched)])
        assert found["status"] == {"well": True}
        assert "the log" in found["energy"]["error"]
        assert "energy: RuntimeError: why" in log[0]
        await look.close()

    run(scenario())


def test_a_mistake_in_the_inventory_is_its_sentence(tmp_path):
    async def whole():
        machine, links = box(), [{"mini1": 1, "nobody": 1}]
        async with paged(tmp_path, [model_on(machine)], machine, RULES, thunderbolt_links=links) as viewer:
            assert "nobody" in (await viewer.first("topology"))["error"]
            assert "hosts" in await viewer.first("status")

    run(whole())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(None, "No such file", id="no file"),
        pytest.param("{", "is not JSON", id="half a file"),
        pytest.param("{}", "does not hold an inventory", id="something else"),
    ],
)
def test_a_configuration_that_is_wrong_is_one_sentence(tmp_path, text, sentence):
    if text is not None:
        (tmp_path / "cluster.json").write_text(text)
    value = {"host": "127.0.0.1", "port": 1, "key": KEY, "cluster": "cluster.json"}
    with pytest.raises(RouteError, match=sentence):
        read_page(value, tmp_path)


def test_a_client_with_the_name_of_the_front_opens_nothing(tmp_path):
    async def scenario(viewer, _machine):
        viewer.gate.keys.revoke(KEY)
        secret = viewer.gate.keys.create(KEY, kind=KeyKind.CLIENT)
        async with viewer.ask("/", secret=secret) as response:
            assert response.status == 403

    viewing(scenario, tmp_path)
