# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The servers of a lab that are no host: artifacts, a model hub, the resolver, and relays to this machine's
proxies.

They listen inside the lab's network and reach out from this machine's own. So the hosts' resolver is their gateway, as
at home, and works whatever this machine's resolver is, one on its loopback included.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import selectors
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from lab import cgroups, names, netns
from lab.standins.model_hub import faults
from lab.standins.model_hub import server as hub

_DNS_PORT = 53
_DNS_SECONDS = 5.0
_DNS_SIZE = 65535
_HTTP_PORT = 80
_HUB_PORT = 8090


def start(lab: str, arguments: dict[str, Any]) -> None:
    """Start the servers unless they run already; they go on when this command ends."""
    if cgroups.processes(lab, names.SERVICES_CGROUP):
        return
    groups = cgroups.create(lab, names.SERVICES_CGROUP)
    log = names.runtime(lab) / "log" / "services.log"
    log.parent.mkdir(exist_ok=True)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(Path(__file__).parents[1])}
    argv = cgroups.wrap(groups, [sys.executable, "-S", "-m", "lab.services", lab, json.dumps(arguments)])
    with log.open("ab") as file:
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=environment, start_new_session=True, cwd="/"
        )


class _Artifacts(http.server.SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    # The base class asks DNS for its own name, and the resolver is not up yet.
    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = "artifacts", _HTTP_PORT


def nameservers(text: str) -> list[str]:
    """Return the resolvers a resolv.conf names; without any, the one on this machine, as the C library does."""
    found = [line.split()[1] for line in text.splitlines() if line.startswith("nameserver") and len(line.split()) > 1]
    return found or ["127.0.0.1"]


def _upstream() -> list[str]:
    try:
        # Read for every question: a laptop changes its network while the lab runs.
        return nameservers(Path("/etc/resolv.conf").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ["127.0.0.1"]


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def _answer(listener: socket.socket, question: bytes, asker: tuple[str, int]) -> None:
    for server in _upstream():
        with socket.socket(_family(server), socket.SOCK_DGRAM) as upstream:
            upstream.settimeout(_DNS_SECONDS)
            try:
                upstream.connect((server, _DNS_PORT))
                upstream.send(question)
                listener.sendto(upstream.recv(_DNS_SIZE), asker)
            except OSError:
                continue
            return


def _serve_questions(listener: socket.socket) -> None:
    while True:
        question, asker = listener.recvfrom(_DNS_SIZE)
        threading.Thread(target=_answer, args=(listener, question, asker), daemon=True).start()


def _serve_relay(listener: socket.socket, address: str | None, port: int) -> None:
    while True:
        client, _ = listener.accept()
        threading.Thread(target=_relay, args=(client, address or _upstream()[0], port), daemon=True).start()


def _relay(client: socket.socket, address: str, port: int) -> None:
    with client:
        try:
            server = socket.create_connection((address, port), timeout=_DNS_SECONDS)
        except OSError:
            return
        server.settimeout(None)
        with server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            try:
                _pump(selector)
            except OSError:
                return


def _pump(selector: selectors.BaseSelector) -> None:
    while selector.get_map():
        for key, _ in selector.select():
            data = key.fileobj.recv(65536)  # type: ignore[union-attr]  # only sockets are registered
            if data:
                key.data.sendall(data)
            else:
                selector.unregister(key.fileobj)
                key.data.shutdown(socket.SHUT_WR)


def _listen(kind: socket.SocketKind, address: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    if kind == socket.SOCK_STREAM:
        listener.listen(64)
    return listener


def main(argv: list[str]) -> int:
    """Run as a process of its own."""
    lab, arguments = argv[0], json.loads(argv[1])
    gateway = arguments["gateway"]
    handler = functools.partial(_Artifacts, directory=arguments["artifacts"])
    with netns.inside(names.fabric_namespace(lab)):
        artifacts = _Server((arguments["artifact_address"], _HTTP_PORT), handler)
        # Tests write what goes wrong with it into the file.
        wrong = faults.Faults(names.runtime(lab) / "model-hub.json")
        hub.start(arguments["artifact_address"], _HUB_PORT, hub.State(faults=wrong))
        questions = _listen(socket.SOCK_DGRAM, gateway, _DNS_PORT)
        relays = [(_listen(socket.SOCK_STREAM, gateway, _DNS_PORT), None, _DNS_PORT)]
        relays += [(_listen(socket.SOCK_STREAM, gateway, port), to, port) for port, to in arguments["relays"]]
    threading.Thread(target=_serve_questions, args=(questions,), daemon=True).start()
    for listener, address, port in relays:
        threading.Thread(target=_serve_relay, args=(listener, address, port), daemon=True).start()
    artifacts.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
