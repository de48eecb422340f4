# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is asked of hosts and backends: connections, their program over SSH, tokens and figures."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path

import pytest

from hybrid_cluster.gateway import agents, backends, busy, presence, proving
from hybrid_cluster.gateway.agents import AgentError, Agents
from hybrid_cluster.gateway.backends import Backends
from hybrid_cluster.gateway.fleet import Host, Login
from hybrid_cluster.gateway.instances import Instances
from hybrid_cluster.gateway.kinds import Backend as Kind
from hybrid_cluster.gateway.outside import Outside
from hybrid_cluster.gateway.rotation import Rotation
from hybrid_cluster.gateway.routes import Member, Model, Placement
from hybrid_cluster.host import door
from tests.unit.gateway.fakes import CHAT, Backend, fake_response, served
from tests.unit.gateway.fakes import run as really
from tests.unit.gateway.virtual_time import run

MAC = "1c:f6:4c:00:00:01"
LOGIN = Login("hybrid-gateway", Path("/etc/gateway/key"), Path("/etc/gateway/known_hosts"))


def host(port, **more):
    return Host("box", "127.0.0.1", MAC, port, **more)


@pytest.mark.parametrize(
    ("says", "there"),
    [(b"SSH-2.0-OpenSSH_9.9\r\n", True), (b"HTTP/1.1 400\r\n", False), (b"SS", False), (b"", False), (None, False)],
)
def test_a_host_is_there_when_somebody_on_it_says_the_right_thing(says, there):
    async def scenario():
        async def greet(reader, writer):
            if says is not None:
                writer.write(says)
                writer.close()
            # Or it says nothing: the kernel has accepted, and nobody serves.
            else:
                await reader.read()
                writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        began = asyncio.get_running_loop().time()
        assert await presence.is_there(host(server.sockets[0].getsockname()[1])) is there
        assert asyncio.get_running_loop().time() - began <= presence.ANSWER_SECONDS
        server.close()

    run(scenario())


def test_a_closed_port_is_no_host():
    async def scenario():
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            assert not await presence.is_there(host(free.getsockname()[1]))

    run(scenario())


def ssh(tmp_path, text):
    """Write a stand-in for ssh, which keeps the words that it is given."""
    path = tmp_path / "ssh"
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/words\n{text}\n')
    path.chmod(0o755)
    return Agents(LOGIN, str(path))


def test_a_host_is_asked_with_the_gateways_own_key_and_known_hosts_and_nothing_else(tmp_path):
    async def scenario():
        program = ssh(tmp_path, """echo '{"vetoes": [], "proved": true}'""")
        assert await program.ask(host(2222), "status", MAC) == {"vetoes": [], "proved": True}
        words = (tmp_path / "words").read_text().splitlines()
        assert words[:3] == ["-F", "none", "-T"]
        assert words[-3:] == ["127.0.0.1", "status", MAC]
        assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "HostKeyAlias=box", "ControlPath=none"} <= set(words)
        assert {"UserKnownHostsFile=/etc/gateway/known_hosts", "IdentitiesOnly=yes", "/etc/gateway/key"} <= set(words)
        assert words[words.index("-l") + 1] == "hybrid-gateway"
        assert words[words.index("-p") + 1] == "2222"

    really(scenario())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo Permission denied >&2; exit 255", "box answers 'stay' with status 255: Permission denied"),
        ("echo '[]'", "box says something that is not a valid answer"),
        ("echo odd", "box says something that is not a valid answer"),
        (f"head -c {agents._LONGEST + 1} /dev/zero | tr '\\0' ' '", "box says something that is not a valid answer"),
    ],
)
def test_what_is_no_answer_is_an_error(tmp_path, text, why):
    with pytest.raises(AgentError, match=why):
        really(ssh(tmp_path, text).ask(host(22), "stay"))


def test_an_answer_that_does_not_come_is_given_up_and_its_program_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(agents, "SECONDS", 0.2)
    with pytest.raises(AgentError, match=r"did not say 'stay' within 0\.2 seconds"):
        really(ssh(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60").ask(host(22), "stay"))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_whatever_the_gateway_asks_passes_the_door_of_the_host(monkeypatch):
    async def scenario():
        said = []

        async def ask(self, host, *words):
            said.append(" ".join(words))
            return {}

        monkeypatch.setattr(Agents, "ask", ask)
        outside = Outside(None, LOGIN, lambda: 0, said.append)
        for question in (outside.status, outside.suspend, outside.stay):
            await question(host(22))
        await outside.awake(host(22), 900)
        assert [door.words(one) is not None for one in said] == [True] * 4, said

    run(scenario())


def test_connections_to_backends_find_out_that_their_host_is_gone():
    info = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))
    with backends._socket(info) as made:
        assert made.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert made.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 15


def test_where_there_is_no_ssh_it_is_said_so():
    with pytest.raises(AgentError, match="cannot be run"):
        really(Agents(LOGIN, "/nowhere/ssh").ask(host(22), "stay"))


async def asked(backend, do, kind=Kind.LLAMA_CPP, **more):
    clock = asyncio.get_running_loop().time
    known = Backends(60, Rotation(clock))
    try:
        async with served(backend) as address:
            return await do(known, Member(kind, address, "inner", "backend-key", **more))
    finally:
        await known.close()


@pytest.mark.parametrize(
    ("status", "answer", "complaint"),
    [
        (200, CHAT, ""),
        (200, b"", "llama_cpp ended without a whole answer."),
        (200, {"choices": []}, "llama_cpp ended without a whole answer."),
        (503, {"error": {"message": "Loading model", "code": 503}}, "Loading model"),
        (404, {}, "llama_cpp does not serve the model now."),
        (200, {"error": {"message": "out of memory"}}, "out of memory"),
        (
            200,
            {"choices": [{"finish_reason": [], "message": {}}]},
            "llama_cpp sent something that is not a valid answer.",
        ),
    ],
)
def test_only_a_token_proves_a_model(status, answer, complaint):
    async def scenario():
        backend = Backend(answer, status)

        async def do(known, member):
            prover = proving.Prover(known, Instances(known, lambda: 0))
            return await prover.complaint(member, Model("m", (member,)), 1, 5)

        found = await asked(backend, do)
        assert found == complaint
        assert backend.asked[0].fields["max_tokens"] == 1
        assert backend.asked[0].headers["Authorization"] == "Bearer backend-key"

    run(scenario())


@pytest.mark.parametrize(
    ("kind", "answer", "count"),
    [
        (Kind.LLAMA_CPP, b"llamacpp:requests_processing 2\nllamacpp:requests_deferred 1\n", 3),
        (Kind.VLLM, b'vllm:num_requests_running{model_name="m"} 1.0\nvllm:num_requests_waiting{a="b"} 0.0\n', 1),
        (Kind.LLAMA_CPP, b"nothing of it 3\n", None),
        (Kind.EXO, {"a": {"TextGeneration": {"taskStatus": "Running"}}, "b": {"X": {"taskStatus": "Complete"}}}, 1),
        (Kind.EXO, b"odd", None),
        (Kind.OLLAMA, {}, None),
    ],
)
def test_backends_say_how_many_requests_they_run(kind, answer, count):
    backend = Backend(answer)
    assert run(asked(backend, busy.running, kind)) == count
    # A list of slots would wake a llama-server that sleeps.
    assert [one.path for one in backend.asked] == {
        Kind.EXO: ["/state/tasks"],
        Kind.OLLAMA: [],
    }.get(kind, ["/metrics"])


PLACE = Placement("Pipeline", "MlxRing", 2)
TWO = {"nodes": ["a", "b"]}


def instance(**nodes):
    return {"i": {"MlxRingInstance": {"shardAssignments": {"modelId": "inner", "nodeToRunner": nodes}}}}


READY = {"RunnerReady": {}}


@pytest.mark.parametrize(
    ("states", "place", "complaint", "orders"),
    [
        ({"topology": {"nodes": ["a"]}}, PLACE, "exo knows 1 of 2 hosts", 0),
        ({"topology": b""}, PLACE, "exo says nothing of its topology", 0),
        ({"topology": TWO, "instances": {}}, PLACE, "exo has no instance of the model", 1),
        # Somebody else places it.
        ({"topology": TWO, "instances": {}}, None, "exo has no instance of the model", 0),
        ({"topology": TWO, "instances": instance(a="r", c="s")}, PLACE, "waits for a host that is gone", 0),
        (
            {"topology": TWO, "instances": instance(a="r", b="s"), "runners": {"r": READY, "s": {"RunnerLoading": {}}}},
            *(PLACE, "exo's runners are not ready", 0),
        ),
        (
            # Those of instances before stay for ever.
            {
                "topology": TWO,
                "instances": instance(a="r", b="s"),
                "runners": {"r": READY, "s": READY, "old": {"RunnerFailed": {}}},
            },
            *(PLACE, "", 0),
        ),
    ],
)
def test_an_instance_of_exo_answers_with_all_of_its_hosts_or_not(states, place, complaint, orders):
    async def scenario():
        backend = Backend(None)

        async def answer(request):
            name = request.path.removeprefix("/state/")
            return fake_response(states.get(name, CHAT))

        backend.answer = answer

        async def do(known, member):
            prover = proving.Prover(known, Instances(known, asyncio.get_running_loop().time))
            model = Model("m", (member,))
            for _ in range(3):
                found = await prover.complaint(member, model, 2, 5)
            ordered = [json.loads(one.raw) for one in backend.asked if one.path == "/place_instance"]
            wanted = {"model_id": "inner", "sharding": "Pipeline", "instance_meta": "MlxRing", "min_nodes": 2}
            assert ordered == [wanted] * orders
            if orders:
                await asyncio.sleep(61)
                await prover.complaint(member, model, 2, 5)
                assert sum(one.path == "/place_instance" for one in backend.asked) == 2
            return found

        found = await asked(backend, do, Kind.EXO, place=place)
        assert complaint in found if complaint else found == ""

    run(scenario())
