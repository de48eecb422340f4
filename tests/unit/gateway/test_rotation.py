# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which member of a model is asked first."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from types import SimpleNamespace

import pytest

from hybrid_cluster.gateway import endpoints
from hybrid_cluster.gateway import rotation as rotation_module
from hybrid_cluster.gateway.kinds import Backend as Kind
from hybrid_cluster.gateway.rotation import Rotation, conversation
from hybrid_cluster.gateway.routes import Member, Model
from tests.unit.gateway.fakes import ASK, CHAT, CHAT_PATH, Backend, running
from tests.unit.gateway.virtual_time import run


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def member(number, **more):
    return Member(Kind.LLAMA_CPP, f"http://10.66.1.{number}:8080", "inner", **more)


A, B, C = member(1), member(2), member(3)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rotation(clock):
    return Rotation(clock, roll=lambda: 0.5)


def test_the_least_busy_comes_first_and_the_order_of_the_configuration_decides_of_equals(rotation):
    assert rotation.order([A, B, C]) == [A, B, C]
    rotation.began(A)
    rotation.began(A)
    rotation.began(B)
    assert rotation.order([A, B, C]) == [C, B, A]
    rotation.ended(A)
    rotation.ended(A)
    assert rotation.order([A, B, C]) == [A, C, B]


def test_a_fast_member_gets_more_at_once(rotation):
    rotation.answered(A, None, tokens=300, seconds=3)
    rotation.answered(B, None, tokens=300, seconds=12)
    given = Counter()
    for _ in range(50):
        first = rotation.order([A, B])[0]
        rotation.began(first)
        given[first.name] += 1
    # A hundred tokens a second against twenty-five.
    assert given[A.name] == 40
    assert rotation.speed(A) == 100


def test_the_speed_follows_slowly_and_few_tokens_say_nothing(rotation):
    rotation.answered(A, None, tokens=100, seconds=1)
    rotation.answered(A, None, tokens=2, seconds=1)
    assert rotation.speed(A) == 100
    rotation.answered(A, None, tokens=50, seconds=1)
    assert rotation.speed(A) == 90
    # Nothing is known of the others, which are taken for average.
    rotation.answered(B, None, tokens=30, seconds=1)
    assert rotation.load(C) == pytest.approx(1 / 60)


def test_a_conversation_stays_where_its_beginning_is_unless_that_one_is_much_busier(rotation):
    rotation.answered(B, "ab" * 16)
    assert rotation.order([A, B], "ab" * 16)[0] == B
    assert rotation.order([A, B], "cd" * 16)[0] == A
    rotation.began(B)
    assert rotation.order([A, B], "ab" * 16)[0] == B
    rotation.began(B)
    assert rotation.order([A, B], "ab" * 16)[0] == A


def test_the_second_choice_is_for_overflow(rotation):
    first, second = member(1, slots=2), member(2, overflow=True)
    for _ in range(2):
        assert rotation.order([second, first]) == [first, second]
        rotation.began(first)
    assert rotation.order([second, first]) == [second, first]
    rotation.ended(first)
    assert rotation.order([second, first]) == [first, second]
    rotation.failed(first, unreachable=True)
    assert rotation.order([second, first]) == [second, first]


def test_a_first_choice_that_sleeps_is_woken_before_the_second_is_asked(rotation):
    asleep, awake, second = member(1), member(2, slots=1), member(3, overflow=True)
    rank = {asleep: 2, awake: 0, second: 0}.__getitem__
    assert rotation.order([second, asleep, awake], rank=rank) == [awake, asleep, second]
    rotation.began(awake)
    assert rotation.order([second, asleep, awake], rank=rank) == [asleep, second, awake]


def test_a_share_is_what_was_asked_for_and_one_conversation_sees_one_member(clock):
    rolls = iter([0.0, 0.29, 0.3, 0.99] * 2)
    rotation = Rotation(clock, roll=lambda: next(rolls))
    new, old, older = member(1, share=30), member(2), member(3)
    found = [rotation.order([old, older, new])[0] for _ in range(4)]
    assert found == [new, new, old, old]
    assert rotation.order([old, older, new]) == [new, old, older]
    seen = Counter(
        rotation.order([old, new], f"{number:08x}" + "0" * 24)[0].name for number in range(0, 16**8, 16**8 // 1000)
    )
    assert 290 <= seen[new.name] <= 310
    assert len({rotation.order([old, new], "7" * 32)[0] for _ in range(20)}) == 1


def test_who_answers_nothing_is_out_for_longer_and_longer_until_it_answers(rotation, clock):
    for _ in range(2):
        rotation.failed(A)
    assert not rotation.is_out(A)
    rotation.failed(A)
    assert rotation.order([A, B]) == [B, A]
    for lasts in (10, 20, 40, 80, 160, 300, 300):
        assert not rotation.due(A)
        clock.now += lasts
        assert rotation.due(A)
        # Until it has answered, nobody is sent there.
        assert rotation.is_out(A)
        rotation.failed(A)
    rotation.answered(A, None)
    assert rotation.order([A, B]) == [A, B]
    # The other models of the backend were not out.
    rotation.failed(A, unreachable=True)
    assert not rotation.is_out(Member(A.backend, A.address, "other"))


CHAT_ENDPOINT = endpoints.find("POST", CHAT_PATH).endpoint
MODEL = Model("m", (A, B))


def asked(*contents, **more):
    messages = [{"role": "user" if number % 2 == 0 else "assistant", "content": c} for number, c in enumerate(contents)]
    return {"messages": messages, **more}


def test_of_a_long_text_only_its_beginning_is_read(monkeypatch):
    written = []

    def dumps(value):
        written.append(value)
        return json.dumps(value)

    monkeypatch.setattr(rotation_module, "json", SimpleNamespace(dumps=dumps))

    def of(content):
        return conversation(CHAT_ENDPOINT, MODEL, {"messages": [{"role": "user", "content": content}]})

    long = "a" * 1_000_000
    assert of(long) == of(long[:-1] + "b") != of("b" + long)
    assert of([{"type": "text", "text": long}] * 1000) is not None
    assert of("a" * 1000) != of("a" * 999)
    assert of([{"type": "text", "text": "a"}]) != of([{"type": "text", "text": "b"}])
    assert max(len(str(one)) for one in written) < 10_000


def test_requests_that_begin_alike_are_a_conversation():
    system = {"role": "system", "content": "s"}
    first = conversation(CHAT_ENDPOINT, MODEL, asked("hi"))
    assert first == conversation(CHAT_ENDPOINT, MODEL, asked("hi", "hello", "go on", temperature=1))
    other = [
        conversation(CHAT_ENDPOINT, MODEL, asked("ho")),
        conversation(CHAT_ENDPOINT, MODEL, {"messages": [system, {"role": "user", "content": "hi"}]}),
        conversation(CHAT_ENDPOINT, Model("n", (A,)), asked("hi")),
        conversation(CHAT_ENDPOINT, MODEL, asked("hi", system="s")),
        conversation(CHAT_ENDPOINT, MODEL, {"prompt": "hi"}),
        conversation(CHAT_ENDPOINT, MODEL, {"input": "hi"}),
    ]
    assert first not in other
    assert conversation(CHAT_ENDPOINT, Model("m", (A,), sticky=False), asked("hi")) is None
    assert conversation(CHAT_ENDPOINT, MODEL, {}) is None


def test_a_backend_that_fails_is_left_alone_until_it_answers_a_token(tmp_path):
    async def scenario():
        bad, good = Backend({"error": {"message": "m"}}, 500), Backend(CHAT)
        async with running(tmp_path, ("llama_cpp", bad), ("vllm", good), sticky=False) as gate:
            for _ in range(6):
                assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert len(bad.asked) == 3
            name = f'model="public",backend="llama_cpp at 127.0.0.1:{bad.port}"'
            assert f"out_of_rotation{{{name}}} 1" in await gate.figures()
            await asyncio.sleep(12)
            assert bad.asked[-1].fields["max_tokens"] == 1
            bad.status, bad.answer = 200, CHAT
            assert (await gate.post(CHAT_PATH, ASK))[0].status == 200
            assert len(bad.asked) == 4
            await asyncio.sleep(25)
            assert f"out_of_rotation{{{name}}} 0" in await gate.figures()
            await gate.post(CHAT_PATH, ASK)
            assert len(bad.asked) == 6

    run(scenario())


def test_a_backend_that_says_what_it_was_not_started_for_is_not_out(tmp_path):
    async def scenario():
        backend = Backend({"error": {"message": "start it with --embeddings"}}, 501)
        async with running(tmp_path, ("llama_cpp", backend)) as gate:
            for _ in range(4):
                assert (await gate.post("/v1/embeddings", {"model": "public", "input": "x"}))[0].status == 501
            assert "} 0" in next(line for line in (await gate.figures()).splitlines() if "out_of_rotation{" in line)

    run(scenario())


def test_a_conversation_goes_to_one_member_and_others_to_all(tmp_path):
    async def scenario():
        backends = [Backend(CHAT), Backend(CHAT)]
        started = asyncio.Event()

        async def slow(request):
            await started.wait()
            from aiohttp import web

            return web.json_response(CHAT)

        async with running(tmp_path, *(("llama_cpp", backend) for backend in backends)) as gate:
            for backend in backends:
                backend.answer = slow
            many = [asyncio.create_task(gate.post(CHAT_PATH, {**ASK, **asked(str(n))})) for n in range(6)]
            await asyncio.sleep(1)
            assert [len(backend.asked) for backend in backends] == [3, 3]
            started.set()
            await asyncio.gather(*many)
            before = [len(backend.asked) for backend in backends]
            for turns in range(1, 9, 2):
                await gate.post(CHAT_PATH, {**ASK, **asked("5", *("x" for _ in range(turns - 1)))})
            after = [len(backend.asked) - there for backend, there in zip(backends, before, strict=True)]
        assert sorted(after) == [0, 4]

    run(scenario())
