# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A small site: the real HAProxy and the real gateway on the management node, hosts that sleep, and clients.

Each is a network namespace of this machine.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import os
import re
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp

from hybrid_cluster.gateway.keys import KeyFile
from lab import netns
from tests.chain.network import Network, network
from tests.contract.haproxy.conftest import LIBRARIES, find_program
from tests.sleeping_site.rendered import MANAGEMENT, configuration
from tests.sleeping_site.sleepers import Cards, Sleeper, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

SOURCE = Path(__file__).parents[2] / "src"
# Two that sleep with a model each, one that never does, and clients at addresses of their own.
SLEEPING = {"box": "small", "mini": "other"}
STEADY_HOST, STEADY = "rock", "steady"
CLIENTS = ("neighbour", "attacker", "attacker2", "attacker3")
PORT = 8100
# How a host is asked, in place of a login.
SSH = """\
#!/bin/sh
while [ "$1" != -l ]; do shift; done
exec curl --silent --fail --max-time 10 "http://$3:8022/$4"
"""
# Shorter than what the role takes, in seconds.
QUICK = {"awake_at_least": 1, "again_after": 2, "ask_every": 1, "wake_within": 20, "model_within": 20}

T = TypeVar("T")


@dataclass
class Site:
    """All of it."""

    folder: Path
    network: Network
    haproxy: str
    sleepers: dict[str, Sleeper]
    keys: KeyFile
    steady: Sleeper
    front: subprocess.Popen[bytes] | None = None
    control: subprocess.Popen[bytes] | None = None
    front_arguments: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    """Keys that were made, by name."""

    @property
    def address(self) -> str:
        return self.network.hosts[MANAGEMENT]

    @property
    def url(self) -> str:
        return f"http://{self.address}:{PORT}"

    # The two processes of the gateway.

    def start_control(self) -> None:
        environment = {
            **os.environ,
            "PYTHONPATH": str(SOURCE),
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
        }
        argv = [sys.executable, "-m", "hybrid_cluster.gateway", str(self.folder / "gateway.json")]
        self.control = self._start("control", argv, environment)

    def start_front(self) -> None:
        self.front = self._start("front", self.front_arguments, {**os.environ, **LIBRARIES})

    def _start(self, name: str, argv: list[str], environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(self.network.argv(MANAGEMENT, *argv), env=environment, stdout=log, stderr=log)

    def ready(self) -> None:
        """Wait until both answer."""
        # Both limits of the front are those of connections, so it is asked as monitoring asks it.
        health = ["curl", "--silent", "--fail", "--max-time", "2", "http://127.0.0.1:8103/-/gateway"]
        argv = self.network.argv(MANAGEMENT, *health)
        wait_until(
            lambda: subprocess.run(argv, check=False, capture_output=True).returncode == 0,
            f"the gateway answers; see {self.folder}",
        )

    def lines(self) -> list[dict[str, Any]]:
        """Return the log of the gateway."""
        found = (self.folder / "control.log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in found if line.startswith("{")]

    def mistakes(self) -> list[dict[str, Any]]:
        """Return what went wrong in the gateway itself."""
        return [line for line in self.lines() if "mistake" in line]

    def figures(self) -> str:
        """Return the gateway's metrics."""
        argv = self.network.argv(MANAGEMENT, "curl", "--silent", "--max-time", "10", "http://127.0.0.1:8102/metrics")
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def state(self, name: str) -> str:
        """Return what the gateway knows of a group."""
        found = re.search(rf'group_state{{group="{name}",state="(\w+)"}} 1', self.figures())
        return found[1] if found else "nothing"

    # Clients.

    def at(self, client: str, doing: Callable[[], Coroutine[Any, Any, T]]) -> concurrent.futures.Future[T]:
        """Do something in the network namespace of a client, in a thread of its own."""
        result: concurrent.futures.Future[T] = concurrent.futures.Future()

        def run() -> None:
            try:
                with netns.inside(self.network.space(client)):
                    result.set_result(asyncio.run(doing()))
            except BaseException as error:
                result.set_exception(error)

        threading.Thread(target=run, daemon=True).start()
        return result

    def run(self, client: str, doing: Callable[[], Coroutine[Any, Any, T]], seconds: float = 120) -> T:
        return self.at(client, doing).result(seconds)

    def packets(self) -> dict[str, int]:
        return {name: sleeper.packets for name, sleeper in self.sleepers.items()}


@contextlib.contextmanager
def site(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None, **settings: Any) -> Iterator[Site]:
    """Run a site, whose hosts sleep, for a while.

    `change` changes what the gateway is told, `settings` are variables of the inventory.
    """
    with network("site", (MANAGEMENT, *SLEEPING, STEADY_HOST, *CLIENTS)) as joined, contextlib.ExitStack() as stack:
        (folder / "libraries").mkdir()
        program = find_program(folder / "libraries")
        sleepers = {name: Sleeper(name, joined) for name in SLEEPING}
        steady = Sleeper(STEADY_HOST, joined)
        for host in (*sleepers.values(), steady):
            stack.callback(host.end)
            host.start()
        stack.callback(Cards(joined, list(sleepers.values())).end)
        made = Site(folder, joined, program, sleepers, KeyFile(folder / "keys.json"), steady)
        _write(made, change, settings)
        for sleeper in sleepers.values():
            sleeper.sleep()
        stack.callback(_stop, made)
        made.start_control()
        made.start_front()
        made.ready()
        wait_until(lambda: {made.state(name) for name in sleepers} == {"asleep"}, "the gateway knows who sleeps")
        yield made


def _write(made: Site, change: Callable[[dict[str, Any]], None], settings: dict[str, Any]) -> None:
    cards = {name: sleeper.mac_address for name, sleeper in made.sleepers.items()}
    addresses = {name: made.network.hosts[name] for name in (MANAGEMENT, *SLEEPING, STEADY_HOST)}
    models = {model: host for host, model in {**SLEEPING, STEADY_HOST: STEADY}.items()}
    gateway, front, run = configuration(addresses, cards, models, made.folder / "secrets", **settings)
    told = json.loads(gateway.pop("gateway.json"))
    told |= {"keys": "keys.json", "usage": "usage.json", "state": "sleep.json"}
    for group in told["groups"]:
        group.update(QUICK)
    change(told)
    (made.folder / "gateway.json").write_text(json.dumps(told))
    for name, text in gateway.items():
        (made.folder / name).write_text(text)
    (made.folder / "front").mkdir()
    for name, text in front.items():
        (made.folder / "front" / name).write_text(text)
    (made.folder / "bin").mkdir()
    ssh = made.folder / "bin/ssh"
    ssh.write_text(SSH, encoding="ascii")
    ssh.chmod(0o755)
    old, *words = run["arguments"]
    assert Path(old).name == "haproxy"
    made.front_arguments = [made.haproxy, *(str(made.folder / "front/haproxy.cfg") if "/" in w else w for w in words)]


def _stop(made: Site) -> None:
    for process in (made.front, made.control):
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


# What clients do.

CHAT = "/v1/chat/completions"


def asks(model: str, text: str = "hi", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def session(secret: str, **more: Any) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {secret}"}, connector=aiohttp.TCPConnector(limit=0), **more
    )


def words_of(raw: bytes) -> str:
    """Return the text of a stream that is whole, and nothing else."""
    lines = [line[6:] for line in raw.decode().splitlines() if line.startswith("data: ")]
    if lines[-1:] != ["[DONE]"]:
        raise AssertionError(raw[-300:])
    events = [json.loads(line) for line in lines[:-1]]
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events if event.get("choices"))
