# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Nodes of exo in network namespaces of their own, joined by a bridge."""

from __future__ import annotations

import contextlib
import ctypes
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_NEW_NETWORK = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)
API_PORT = 52415


@dataclass
class Answer:
    """An HTTP answer."""

    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def connect_in(namespace: str | None, address: str, port: int, timeout: float) -> socket.socket:
    """Connect from inside a network namespace: the socket stays there when the thread that made it ends."""
    result: list[socket.socket | BaseException] = []

    def work() -> None:
        try:
            if namespace is not None:
                with Path(f"/run/netns/{namespace}").open("rb") as handle:
                    if _LIBC.setns(handle.fileno(), _NEW_NETWORK) != 0:
                        raise OSError(ctypes.get_errno(), "setns")
            result.append(socket.create_connection((address, port), timeout=timeout))
        except BaseException as error:
            result.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    if isinstance(result[0], BaseException):
        raise result[0]
    return result[0]


def wait_for(what: Callable[[], Any], seconds: float, pause: float = 0.05) -> Any:
    """Return the first true value, or the last one when the time is over; a refused connection is not a value."""
    deadline = time.monotonic() + seconds
    value = None
    while True:
        with contextlib.suppress(OSError, KeyError, http.client.HTTPException, ValueError):
            value = what()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(pause)


@dataclass
class Node:
    """One exo process and the namespace it lives in."""

    cluster: Cluster
    number: int
    address: str
    home: Path
    namespace: str | None
    port: int = API_PORT
    process: subprocess.Popen[bytes] | None = None
    arguments: tuple[str, ...] = ()
    groups: list[int] = field(default_factory=list)

    @property
    def models(self) -> Path:
        return self.home / ".local/share/exo/models"

    @property
    def log(self) -> str:
        path = self.home / ".cache/exo/exo_log/exo.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def output(self) -> str:
        return (self.home / "stderr").read_text(encoding="utf-8", errors="replace")

    def start(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """Start exo; it does not wait for anything."""
        self.arguments = arguments
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "EXO_RUNTIME_DIR": str(self.home),
            "EXO_STANDIN_TIME_FACTOR": str(self.cluster.factor),
            "EXO_LIBP2P_NAMESPACE": self.cluster.name,
            **(environment or {}),
        }
        prefix = ["ip", "netns", "exec", self.namespace] if self.namespace else []
        api = [] if "--api-port" in arguments else ["--api-port", str(self.port)]
        with (self.home / "stderr").open("ab") as stream:
            self.process = subprocess.Popen(
                [*prefix, *self.cluster.program, "--offline", *api, *arguments],
                env=variables,
                stdout=stream,
                stderr=stream,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.groups.append(self.process.pid)

    def request(
        self, method: str, path: str, body: Any = None, *, timeout: float = 20, headers: dict[str, str] | None = None
    ) -> Answer:
        """Ask the node over HTTP."""
        connection = http.client.HTTPConnection(self.address, self.port, timeout=timeout)
        connection.sock = connect_in(self.namespace, self.address, self.port, timeout)
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if data is not None:
            connection.putheader("Content-Type", "application/json")
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        response = connection.getresponse()
        answer = Answer(response.status, response.read().decode("utf-8", "replace"), dict(response.headers.items()))
        connection.close()
        return answer

    def get(self, path: str) -> Any:
        """Return the JSON of an address."""
        return self.request("GET", path).json

    @property
    def id(self) -> str:
        return str(self.get("/node_id"))

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self, *, group: bool = True) -> None:
        """Kill the process, with its children unless told otherwise."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(self.process.pid, signal.SIGKILL)
            else:
                self.process.kill()
        self.process.wait(timeout=10)

    def link(self, state: str) -> None:
        """Cut or mend the node's cable."""
        assert self.namespace is not None
        _ip("-n", self.namespace, "link", "set", "eth0", state)


class Cluster:
    """Some nodes on one network."""

    def __init__(
        self, name: str, program: list[str], factor: float, directory: Path, prepare: Callable[[Node], None]
    ) -> None:
        self.name, self.program, self.factor, self._directory, self._prepare = name, program, factor, directory, prepare
        self.nodes: list[Node] = []
        self._namespaces: list[str] = []
        self._hub: str | None = None

    def add(self, *, isolated: bool) -> Node:
        """Make a node; without a namespace it lives on the loopback interface of this machine."""
        number = len(self.nodes) + 1
        home = self._directory / f"node{number}"
        home.mkdir(parents=True)
        namespace, address = None, "127.0.0.1"
        if isolated:
            namespace, address = f"{self.name}-{number}", f"10.99.0.{number}"
            self._wire(namespace, number, address)
        node = Node(self, number, address, home, namespace)
        self._prepare(node)
        self.nodes.append(node)
        return node

    def _wire(self, namespace: str, number: int, address: str) -> None:
        if self._hub is None:
            self._hub = f"{self.name}-hub"
            _ip("netns", "add", self._hub)
            self._namespaces.append(self._hub)
            _ip("-n", self._hub, "link", "add", "bridge", "type", "bridge")
            _ip("-n", self._hub, "link", "set", "bridge", "up")
        _ip("netns", "add", namespace)
        self._namespaces.append(namespace)
        _ip("-n", self._hub, "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("-n", self._hub, "link", "set", f"port{number}", "master", "bridge", "up")
        _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", namespace, "address", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", namespace, "link", "set", "eth0", "up")
        _ip("-n", namespace, "route", "add", "224.0.0.0/4", "dev", "eth0")

    def scaled(self, seconds: float) -> float:
        """Return how long to wait for what was measured to take some seconds: a busy machine gets more."""
        return seconds * self.factor * 2 + 60

    def clear(self) -> None:
        """End every node and forget them all."""
        for node in self.nodes:
            for group in node.groups:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL)
            if node.process is not None:
                node.process.wait(timeout=10)
        for namespace in self._namespaces:
            with contextlib.suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", namespace)
        self.nodes, self._namespaces, self._hub = [], [], None


def picture(node: Node) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """Return the nodes and the directed pairs with an address edge, as one node sees them."""
    topology = node.get("/state/topology")
    pairs = {
        (source, sink)
        for source, sinks in topology["connections"].items()
        for sink, edges in sinks.items()
        if any("sinkMultiaddr" in edge for edge in edges)
    }
    return frozenset(topology["nodes"]), frozenset(pairs)


def formed(nodes: list[Node]) -> bool:
    """Return whether every node sees exactly all of them, with an edge each way between every pair."""
    ids = frozenset(node.id for node in nodes)
    pairs = frozenset((a, b) for a in ids for b in ids if a != b)
    return len(ids) == len(nodes) and all(picture(node) == (ids, pairs) for node in nodes)
