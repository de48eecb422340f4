# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the log and the figures of the gateway say, and what a key has used."""

from __future__ import annotations

import asyncio
import json

import pytest

from hybrid_cluster.gateway import catalogue
from hybrid_cluster.gateway.keys import Limits
from tests.unit.gateway.fakes import (
    ASK,
    CHAT,
    CHAT_PATH,
    CHAT_STREAM,
    SILENT,
    STREAM,
    Backend,
    chunk,
    run,
    running,
    sse,
)


@pytest.mark.parametrize("fields", [ASK, STREAM])
def test_tokens_of_the_day_outlive_a_restart(tmp_path, fields):
    async def scenario():
        backend = Backend(CHAT if fields is ASK else CHAT_STREAM)
        async with running(tmp_path, ("llama_cpp", backend), limits=Limits(tokens_per_day=5)) as gate:
            assert (await gate.stream(CHAT_PATH, fields))[0].status == 200
        assert (tmp_path / "usage.json").stat().st_mode & 0o777 == 0o600
        async with running(tmp_path, ("llama_cpp", backend)) as gate:
            response, value = await gate.post(CHAT_PATH, fields)
            assert (response.status, value["error"]["code"]) == (429, "tokens_exhausted")
            assert response.headers["x-should-retry"] == "false"

    run(scenario())


def test_tokens_that_nobody_tells_are_not_free(tmp_path):
    async def scenario():
        backend = Backend(sse(chunk({"content": "a" * 400}), chunk({}, "stop")))
        async with running(tmp_path, ("llama_cpp", backend)) as gate:
            await gate.stream(CHAT_PATH, STREAM)
            line = gate.lines()[-1]
        assert line["completion_tokens"] == 100
        assert line["prompt_tokens"] > 10

    run(scenario())


@pytest.mark.parametrize(("kind", "fields"), [("vllm", STREAM), ("mlx_lm", ASK)])
def test_who_leaves_early_pays_for_what_was_said(tmp_path, kind, fields):
    async def scenario():
        backend = Backend([*sse(chunk({"content": "a" * 400})), SILENT])
        async with running(tmp_path, (kind, backend)) as gate:
            asking = asyncio.ensure_future(gate.stream(CHAT_PATH, fields))
            while 'running{model="public"} 1' not in await gate.figures() or not backend.said:
                await asyncio.sleep(0.01)
            # The gateway has read what the backend wrote when it answers something that came later.
            await gate.post("/api/show", {"model": "public"})
            asking.cancel()
            while not any(line["endpoint"] == CHAT_PATH for line in gate.lines()):
                await asyncio.sleep(0.01)
            (line,) = [line for line in gate.lines() if line["endpoint"] == CHAT_PATH]
        assert (line["completion_tokens"], line["status"]) == (100, 499)

    run(scenario())


def test_invented_names_are_one_series(tmp_path):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT))) as gate:
            for number in range(50):
                await gate.post(CHAT_PATH, {**ASK, "model": f"invented-{number}"})
                async with gate.ask(f"/invented/{number}", method="GET"):
                    pass
            await gate.post(CHAT_PATH, ASK)
            figures = await gate.figures()
        assert "invented" not in figures
        assert 'hybrid_gateway_requests_total{model="other",endpoint="/v1/chat/completions",status="404"} 50' in figures
        assert 'hybrid_gateway_requests_total{model="public",endpoint="/v1/chat/completions",status="200"} 1' in figures
        assert 'hybrid_gateway_tokens_total{model="public",kind="completion"} 2' in figures
        assert 'hybrid_gateway_first_token_seconds_count{model="public"} 1' in figures
        assert "hybrid_gateway_keys_readable 1" in figures
        samples = [line for line in figures.splitlines() if not line.startswith("#")]
        assert all(float(line.rsplit(" ", 1)[1]) >= 0 for line in samples)

    run(scenario())


def test_the_log_says_who_and_what_and_nothing_that_was_said(tmp_path):
    async def scenario():
        backend = Backend(CHAT)
        async with running(tmp_path, ("llama_cpp", backend)) as gate:
            await gate.post(CHAT_PATH, ASK)
            await gate.stream(CHAT_PATH, None, data=b'{"a secret question"')
            backend.answer, backend.status = {"error": {"message": "cannot read: a secret question"}}, 400
            await gate.post(CHAT_PATH, ASK)
            text = "\n".join(gate.log)
            first, second, third = gate.lines()
        assert (first["key"], first["model"], first["status"]) == ("test", "public", 200)
        assert first["backend"].startswith("llama_cpp at 127.0.0.1:")
        assert (second["status"], second["error"], second["model"]) == (400, "invalid_json", "other")
        assert (third["status"], third["error"]) == (400, "400")
        assert "secret" not in text
        assert gate.secret not in text

    run(scenario())


def test_a_mistake_of_ours_ends_one_request_and_tells_nothing(tmp_path, monkeypatch):
    async def scenario():
        async with running(tmp_path, ("llama_cpp", Backend(CHAT))) as gate:
            monkeypatch.setattr(catalogue, "tags", lambda known: 1 / 0)
            async with gate.ask("/api/tags", method="GET") as response:
                assert response.status == 500
                assert json.loads(await response.read()) == {"error": "The gateway made a mistake; its log says where."}
            assert gate.lines()[0]["mistake"] == "ZeroDivisionError"
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200

    run(scenario())
