# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The gateway itself in a thread of its own, before a host that sleeps, which can be stopped and started again."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hybrid_cluster.gateway.keys import KeyKind
from tests.unit.command.gateways import FIRST, RULES, Talker
from tests.unit.gateway.fakes import Backend
from tests.unit.gateway.paged import KEY, paged
from tests.unit.gateway.sleeping import Machine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.page.front import Front

SECONDS = 60


@dataclass
class Gateway:
    """One that serves the page to a front."""

    folder: Path
    front: Front
    machine: Machine = field(default_factory=lambda: Machine("box", boots=0.5, goes=0.3, thinks=0.02))
    talker: Talker = field(default_factory=Talker)
    url: str = ""
    log: list[str] = field(default_factory=list)
    _stop: Any = None
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Run it, with what it has kept of before."""
        ready: concurrent.futures.Future[None] = concurrent.futures.Future()

        def work() -> None:
            try:
                asyncio.run(self._serve(ready))
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                raise

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()
        ready.result(SECONDS)

    async def _serve(self, ready: concurrent.futures.Future[None]) -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(stop.set)
        backend = Backend(None)
        backend.answer = lambda request: self.talker.answer(backend, request)
        where = {"port": self.front.page_port}
        self.machine._doing = None
        opened = paged(self.folder, [("llama_cpp", backend)], self.machine, RULES, page=where, known=self.front.content)
        async with opened as viewer:
            viewer.gate.keys.adopt(KEY, self.front.key, kind=KeyKind.ADMINISTRATOR)
            viewer.gate.keys.adopt("administrator", FIRST, kind=KeyKind.ADMINISTRATOR)
            self.url, self.log = viewer.gate.address, viewer.gate.log
            ready.set_result(None)
            await stop.wait()

    def stop(self) -> None:
        """End it."""
        if self._thread is not None:
            self._stop()
            self._thread.join(SECONDS)
            assert not self._thread.is_alive()
            self._thread = None


@contextlib.contextmanager
def answering_ssh(gateway: Gateway) -> Any:
    """Greet on the port of the host box as sshd does, while it is awake."""
    with socket.create_server(("127.0.0.1", gateway.front.ssh_port)) as server:

        def work() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        if not gateway.machine.asleep:
                            connection.sendall(b"SSH-2.0-test\r\n")

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(SECONDS)
