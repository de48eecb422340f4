# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What HAProxy is told of keys and models; what it does with that is tested with HAProxy itself."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _gateway

from hybrid_cluster.gateway import direct, routes
from hybrid_cluster.gateway.endpoints import ENDPOINTS, Treatment
from hybrid_cluster.gateway.fields import RouteError
from hybrid_cluster.gateway.front import Count, Front, FrontError
from hybrid_cluster.gateway.keys import Key, KeyKind, Limits
from hybrid_cluster.gateway.kinds import DIRECT

NOW = 1000.0
MEMBER = {"backend": "vllm", "address": "http://10.0.0.2:8000", "model": "small"}


def configuration(folder, member=None, **model):
    told = {"name": "small", "direct": "direct_0", "members": [{**MEMBER, **(member or {})}], **model}
    place = {"host": "127.0.0.1", "port": 1}
    value = {"listen": [place], "metrics": place, "keys": "k", "usage": "u", "front": "master", "models": [told]}
    return routes.read(value, folder)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        pytest.param(Key("a", "ab", 0), {"AB": "a/"}, id="no limit"),
        pytest.param(Key("a", "ab", 0, expires=2000.9), {"AB": "a|2000|0|0|0"}, id="expires"),
        pytest.param(Key("a", "ab", 0, expires=1000), {}, id="expired"),
        pytest.param(
            Key("a", "ab", 0, limits=Limits(("small",), 5, 2)), {"AB": f"a|{2**53}|5|2|1"}, id="what HAProxy counts"
        ),
        pytest.param(Key("a", "ab", 0, limits=Limits(tokens_per_day=5)), {}, id="tokens"),
        pytest.param(Key("a", "ab", 0, limits=Limits(body_bytes=5)), {}, id="bytes"),
        pytest.param(Key("a", "ab", 0, limits=Limits(requests_per_minute=0)), {}, id="nothing a minute"),
        pytest.param(Key("a", "ab", 0, limits=Limits(concurrent_requests=0)), {}, id="nothing at once"),
        pytest.param(Key("a", "ab", 0, kind=KeyKind.ADMINISTRATOR), {}, id="an administrator's"),
        pytest.param(
            Key("a", "ab", 0, previous="cd", previous_until=1500.0),
            {"AB": "a/", "CD": "a|1500|0|0|0"},
            id="the secret before",
        ),
        pytest.param(Key("a", "ab", 0, previous="cd", previous_until=900.0), {"AB": "a/"}, id="no longer good"),
        pytest.param(
            Key("a", "ab", 0, expires=1200, previous="cd", previous_until=1500.0),
            {"AB": "a|1200|0|0|0", "CD": "a|1200|0|0|0"},
            id="no longer than the key",
        ),
    ],
)
def test_a_key_is_told_with_what_haproxy_keeps(key, told):
    assert direct.keys([key], NOW) == told


def test_a_model_is_told_while_it_answers(tmp_path):
    read = configuration(tmp_path)
    assert direct.models(read, lambda _: True) == {"small": "direct_0"}
    assert direct.models(read, lambda _: False) == {}


def test_lists_have_the_models_that_can_go_past(tmp_path):
    keys = [Key("a", "ab", 0, limits=Limits(models=("small", "other"))), Key("b", "cd", 0)]
    assert direct.lists(keys, configuration(tmp_path)) == {"a|small": "1"}


def test_the_role_passes_on_to_the_backends_that_are_meant():
    assert set(map(str, DIRECT)) == _gateway.DIRECT
    for endpoint in ENDPOINTS:
        if endpoint.path in direct.PATHS:
            assert {endpoint.treatment(backend) for backend in DIRECT} == {Treatment.NATIVE}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"member": {"model": "inner"}}, r"one member that calls the model 'small' too"),
        ({"members": [MEMBER, {**MEMBER, "address": "http://10.0.0.3:8000"}]}, r"is for one member"),
        ({"member": {"backend": "ollama"}}, r"'direct' is for llama_cpp, vllm"),
    ],
)
def test_what_cannot_go_past_is_refused(tmp_path, change, sentence):
    with pytest.raises(RouteError, match=sentence):
        configuration(tmp_path, **change)


@contextlib.asynccontextmanager
async def master(path, answers):
    """Answer orders as a master does."""
    asked = []

    async def answer(reader, writer):
        order = (await reader.read()).decode().rstrip("\n")
        asked.append(order)
        writer.write(next(text for start, text in answers.items() if order.startswith(start)).encode())
        writer.close()

    async with await asyncio.start_unix_server(answer, str(path)):
        yield asked


PROCESSES = """\
#<PID>          <type>          <reloads>       <uptime>        <version>
10              master          1 [failed: 0]   0d00h00m26s     2.6.12
# workers
12              worker          0               0d00h00m01s     2.6.12
# old workers
11              worker          1               0d00h00m26s     2.6.12
# programs

"""
HEAD = "# pxname,svname,qcur,qmax,scur,smax,slim,stot,\n"


def test_requests_of_all_workers_are_counted(tmp_path):
    async def scenario():
        answers = {
            "show proc": PROCESSES,
            "@!12 show stat": f"{HEAD}direct_0,BACKEND,0,0,1,2,,5,\n",
            "@!11 show stat": f"{HEAD}direct_0,BACKEND,0,0,2,2,,7,\n",
        }
        async with master(tmp_path / "m", answers):
            front = Front(tmp_path / "m")
            assert await front.workers() == [12, 11]
            assert await front.counts() == {"direct_0": Count(3, 12)}

    asyncio.run(scenario())


@pytest.mark.parametrize("said", ["", "Can't find the target CLI!\n", f"{HEAD}direct_0,BACKEND,,,,,,,\n"])
def test_a_worker_that_says_nothing_is_not_one_that_does_nothing(tmp_path, said):
    async def scenario():
        async with master(tmp_path / "m", {"show proc": PROCESSES, "@!": said}):
            with pytest.raises(FrontError):
                await Front(tmp_path / "m").counts()

    asyncio.run(scenario())


def test_what_haproxy_refuses_is_an_error(tmp_path):
    async def scenario():
        async with master(tmp_path / "m", {"@!12 add map": "Unknown map identifier.\n"}):
            with pytest.raises(FrontError, match="Unknown map"):
                await Front(tmp_path / "m").change(12, "direct.map", {}, {"a": "b"})
        with pytest.raises(FrontError, match="does not answer"):
            await Front(tmp_path / "nobody").workers()

    asyncio.run(scenario())
