# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The gateway itself in a thread of its own, before a host that sleeps, for commands that are run as a person would."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from hybrid_cluster.command import app
from hybrid_cluster.command import inventory as read_inventory
from tests.unit.command.conftest import Said
from tests.unit.command.threads import in_thread
from tests.unit.gateway.fakes import CHAT, CUT, Backend, chunk, sse
from tests.unit.gateway.sleeping import Machine, sleeping

if TYPE_CHECKING:
    from pathlib import Path

RULES = {"idle_after": 1800, "awake_at_least": 0, "again_after": 1}


@dataclass
class Talker:
    """What the backend's model says, and what it was asked."""

    parts: list[Any] = field(default_factory=lambda: speech("Hello", " there"))
    hangs: bool = False
    """Whether it goes on thinking after these."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)

    async def answer(self, backend: Backend, request: web.Request) -> web.StreamResponse:
        fields = backend.asked[-1].raw and backend.asked[-1].fields
        if not fields or not fields.get("stream"):
            return web.json_response(CHAT)
        self.asked.append(fields)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            for part in self.parts:
                if part is CUT:
                    request.transport.abort()
                    return response
                await response.write(part)
                await asyncio.sleep(0.01)
            if self.hangs:
                await asyncio.sleep(60)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise
        return response


def speech(*words: str, thoughts: tuple[str, ...] = (), reason: str = "stop") -> list[bytes]:
    """Return the stream of an answer."""
    deltas = [{"reasoning_content": text} for text in thoughts] + [{"content": text} for text in words]
    used = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": len(words)}}
    return sse(*(chunk(delta) for delta in deltas), chunk({}, reason), used, "[DONE]")


@dataclass
class Served:
    """A gateway that runs, and the files that the command finds its keys in."""

    url: str
    machine: Machine
    talker: Talker
    secrets: Path
    gate: Any
    loop: asyncio.AbstractEventLoop

    def call(self, function: Any) -> Any:
        """Run a function in the gateway's thread and return its result."""

        async def there() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(there(), self.loop).result(20)

    def state(self) -> str:
        return self.call(lambda: str(self.gate.gateway._waking.groups["box"].state))


@contextlib.contextmanager
def served(folder: Path, machine: Machine | None = None, **rules: Any) -> Any:
    """Run a gateway whose model "public" is on the host box."""
    machine = machine or Machine("box", boots=0.3, goes=0.3, thinks=0.02)
    talker, backend = Talker(), Backend(None)
    backend.answer = lambda request: talker.answer(backend, request)
    state, secrets = folder / ".gateway", folder / ".secrets"
    state.mkdir()
    gateway = sleeping(state, [("llama_cpp", backend)], machine, rules={**RULES, **rules})
    with in_thread(
        gateway, secrets, lambda gate, loop: Served(gate.address, machine, talker, secrets, gate, loop)
    ) as made:
        yield made


def write_inventory(folder: Path) -> None:
    """Write what Ansible reads of these hosts."""
    hosts = {"desk": {"ansible_host": "127.0.0.9"}, "box": {"ansible_host": "127.0.0.1"}}
    groups = {"linux": {"hosts": hosts}, "management": {"hosts": {"desk": None}}}
    (folder / "hosts.yml").write_text(json.dumps({"all": {"children": groups}}))


def host(name: str, address: str, **more: Any) -> read_inventory.Host:
    known = {
        "is_mac": False,
        "groups": (),
        "may_sleep": False,
        "memory_gigabytes": None,
        "ssh_port": 1,
        "is_here": False,
    }
    unwritten = {"thunderbolt_address": None, "mac_address": None}
    return read_inventory.Host(name, address, **{**known, **unwritten, **more})


def known(folder: Path, **shared: Any) -> Any:
    """Return an inventory that nobody had to read: two hosts, and a model on one of them."""
    hosts = {one.name: one for one in (host("desk", "127.0.0.9"), host("box", "127.0.0.1", may_sleep=True))}
    row = {"name": "public", "aliases": ["alias"], "backend": "llama_cpp", "state": "present", "hosts": ["box"]}
    rows = [{**row, "format": "gguf", "memory_gigabytes": 1, "nodes": 1, "why": ""}]
    values = {"cluster_gateway": True, "cluster_secrets_directory": str(folder / ".secrets"), "cluster_domain": "olab"}
    return SimpleNamespace(
        hosts=hosts,
        groups={"management": ["desk"]},
        addresses={name: one.address for name, one in hosts.items()},
        models=rows,
        models_by_host={"desk": [], "box": ["public"]},
        services={"gateway": {"port": 1, "dns": "models"}},
        shared={**values, **shared}.get,
        secret=shared.get,
    )


def person(monkeypatch: Any, capsys: Any, cluster: Any, url: str | None) -> Any:
    """Return what runs the command in this process, with an inventory that is known."""
    monkeypatch.setattr(read_inventory, "read", lambda _given, **_: cluster)
    monkeypatch.setenv("COLUMNS", "80")

    def run(*words: str) -> Said:
        code = app.run([*words, *([] if url is None else ["--gateway", url])])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return run
