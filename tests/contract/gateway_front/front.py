# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A HAProxy as the role describes it, on ports that are free."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.front import Front as Told
from hybrid_cluster.gateway.front import FrontError
from tests.contract.haproxy.conftest import LIBRARIES, free_port
from tests.unit.gateway.fakes import CHAT_PATH, HI
from tests.unit.roles.render import REPOSITORY, render, render_template

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

ASK = {"model": "public", "messages": HI}
BACKEND = "direct_0"
_SOON = 10


def described(folder, member=None, **more):
    """Return what the gateway is told of a model that HAProxy may pass on by itself."""
    members = [{"model": "public", **(member or {})}]
    configuration = {"front": str(folder / "gateway-sockets" / "master"), **more.pop("configuration", {})}
    return {"members": members, "direct": BACKEND, "configuration": configuration, **more}


def model(gate, **more):
    """Return what the role is told of the same model."""
    (found,) = gate.gateway._configuration.models
    (member,) = found.members
    described = {"backend": str(member.backend), "address": member.address, "model": member.model}
    if member.key is not None:
        described["key_file"] = "model-api-key"
    slots = {} if found.slots is None else {"slots": found.slots}
    return {"name": found.name, "aliases": [], "direct": found.direct, "members": [described], **slots, **more}


class Front:
    """The program."""

    def __init__(self, program: str, folder: Path, gate: Any, models: Iterable[dict[str, Any]]) -> None:
        self._program = program
        self._folder = folder
        self._gate = gate
        self._models = list(models)
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self.figures_port = free_port(), free_port()
        self.told = Told(folder / "gateway-sockets" / "master")
        self.log = folder / "haproxy.log"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self, **more: Any) -> None:
        """Write what the role writes."""
        values = self._values(**more)
        text = render_template("gateway", "haproxy.cfg.j2", **values)
        (maps,) = render("gateway", "__gateway_front_maps", **values)
        etc = self._folder / "etc"
        etc.mkdir(exist_ok=True)
        for name in ("gateway-front", "gateway-sockets"):
            (self._folder / name).mkdir(exist_ok=True)
        for path in (REPOSITORY / "roles/gateway/files/endpoints").glob("*.txt"):
            (etc / path.name).write_text(path.read_text())
        for name, content in maps.items():
            (etc / name).write_text(content)
        (etc / "haproxy.cfg").write_text(self._on_free_ports(text, values))
        checked = self._run("-c", "-f", str(etc))
        assert checked.returncode == 0, checked.stderr

    def _values(self, **more: Any) -> dict[str, Any]:
        return {
            "ansible_host": "127.0.0.2",
            "cluster_directory": str(self._folder),
            "cluster_lan_subnet": "10.0.0.0/24",
            "cluster_model_api_key": "backend-key",
            "cluster_secrets_directory": str(self._folder),
            "gateway_direct": True,
            "group_names": ["linux", "management"],
            "groups": {"all": ["desk"], "management": ["desk"]},
            "hostvars": {"desk": {"ansible_host": "127.0.0.2"}},
            "inventory_hostname": "desk",
            "__gateway_models": self._models,
            **more,
        }

    def _on_free_ports(self, text: str, values: dict[str, Any]) -> str:
        (services,) = render("gateway", "__cluster_services", **values)
        ports = {
            services["gateway"]["port"]: self.port,
            services["gateway_front"]["port"]: self.figures_port,
            services["gateway_control"]["port"]: self._gate.gateway.addresses[0][1],
        }
        for old, new in ports.items():
            assert f":{old}" in text
            text = text.replace(f":{old}", f":{new}")
        return text

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **LIBRARIES}
        return subprocess.run([self._program, *words], env=environment, capture_output=True, text=True, check=False)

    async def start(self, under: Iterable[str] = ()) -> None:
        """Run it as on a Mac: with a master, and without a word for systemd; `under` is a program that runs it."""
        (described,) = render("gateway", "__gateway_front_reloaded", **self._values(__gateway_on_macos=True))
        words = [*under, self._program, *described["arguments"][1:-1], str(self._folder / "etc")]
        with self.log.open("ab") as log:
            environment = {**os.environ, **LIBRARIES}
            self._process = subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)
        await eventually(self._is_there, self.log.read_text)

    async def _is_there(self) -> bool:
        try:
            await self.told.workers()
        except FrontError:
            return False
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
            return True
        return False

    async def reload(self) -> None:
        """Have another worker take the requests."""
        assert self._process
        (before, *_) = await self.told.workers()
        self._process.send_signal(signal.SIGUSR2)

        async def other() -> bool:
            with contextlib.suppress(FrontError):
                return (await self.told.workers())[0] != before
            return False

        await eventually(other, self.log.read_text)

    async def stop(self) -> None:
        if self._process:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait, 30)

    # What a test asks.

    def ask(self, fields: Any = ASK, path: str = CHAT_PATH, secret: str | None = None, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret or self._gate.secret}", "Content-Type": "application/json"}
        headers |= more.pop("headers", {})
        data = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        return self._gate.session.post(self.address + path, data=data, headers=headers, **more)

    async def answer(self, fields: Any = ASK, path: str = CHAT_PATH, **more: Any) -> tuple[int, Any]:
        """Return the status and the object that a request is answered with."""
        async with self.ask(fields, path, **more) as response:
            return response.status, json.loads(await response.read())

    async def passed(self) -> int:
        """Return how many requests it has passed on by itself."""
        return (await self.told.counts())[BACKEND].begun

    async def passes(self) -> None:
        """Wait until it passes requests on."""

        async def one() -> bool:
            before = await self.passed()
            async with self.ask() as response:
                await response.read()
            return await self.passed() > before

        await eventually(one, self.log.read_text)


async def eventually(question: Any, complaint: Any = lambda: "", seconds: float = _SOON) -> None:
    """Ask until it is so."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await question():
        assert asyncio.get_running_loop().time() < deadline, complaint()
        await asyncio.sleep(0.05)
