# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One exo node: discovery, elections, the session's state, and what is started anew with every master."""

from __future__ import annotations

import asyncio
import os
import random
import time
from typing import TYPE_CHECKING, Any

from . import clock, identity
from .api import Api
from .cards import Catalogue
from .discovery import Discovery
from .downloads import DataWipedError, Downloads
from .election import FORCED_SENIORITY, Election, Result
from .gather import Gatherer
from .link import DEFAULT_NAMESPACE
from .master import Master
from .network import Network
from .probes import Probes
from .replica import Replica
from .worker import Worker

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Coroutine

    from .log import Log
    from .paths import Paths
    from .state import Event

_RESEND = 1.0
_LEAK_LIFETIME = (93.0, 220.0)  # how long nodes with static peers were seen to live


class BrokenResourceError(Exception):
    """What overlapping elections end a process with; the real one is anyio's."""


BrokenResourceError.__module__ = "anyio"


class Node:
    """Everything of one process."""

    def __init__(self, arguments: Namespace, paths: Paths, log: Log) -> None:
        self._arguments, self.paths, self.log = arguments, paths, log
        self.node_id = identity.new_peer_id()
        self.catalogue = Catalogue(paths)
        self._network = Network(
            self.node_id,
            os.environ.get("EXO_LIBP2P_NAMESPACE") or DEFAULT_NAMESPACE,
            arguments.bootstrap_peers,
            log,
            on_message=self._receive,
            on_connections_changed=self._connections_changed,
        )
        self.replica = Replica(self.node_id, paths, self._network, self._applied)
        seniority = FORCED_SENIORITY if arguments.force_master else 0
        self._election = Election(
            self.node_id,
            seniority,
            send=lambda claim: self._network.publish("election", claim),
            elected=self._elected,
        )
        self._api = Api(self) if arguments.spawn_api else None
        self._master: Master | None = None
        self._worker: Worker | None = None
        self._downloads: Downloads | None = None
        self._session_tasks: list[asyncio.Task[None]] = []
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unpaused = asyncio.Event()
        self._unpaused.set()
        self._completed_clock = 0
        self._master_seniority = 0
        self._lifetime = clock.scaled(random.uniform(*_LEAK_LIFETIME))  # noqa: S311 - a simulated accident

    async def run(self) -> None:
        """Run until stopped; an accident ends it with its exception."""
        self.log.info(f"Starting node {self.node_id}", where="exo.main:create:1")
        port = await self._network.listen(self._arguments.libp2p_port)
        discovery = Discovery(self.node_id, port, self._network.found, self.log)
        if self._api is not None:
            self.log.info("Starting API", where="exo.api.main:run:1")
            await self._api.server.listen(self._arguments.api_port)
        self.log.info("Starting Election", where="exo.shared.election:run:1")
        self._election.start()
        tasks = [
            asyncio.create_task(work)
            for work in (self._guard(self._network.run()), self._guard(discovery.run()), self._guard(self._upkeep()))
        ]
        try:
            await self._ended
        finally:
            self._election.stop()
            for task in (*tasks, *self._session_tasks):
                task.cancel()
            await asyncio.gather(*tasks, *self._session_tasks, return_exceptions=True)
            if self._worker is not None:
                for runner in self._worker.blocked:
                    runner.end()
            if self._api is not None:
                self._api.server.close()
            self._network.close()
            self.replica.close()

    def stop(self) -> None:
        """Ask the node to end."""
        if not self._ended.done():
            self._ended.set_result(None)

    def fail(self, failure: BaseException) -> None:
        """End the node by an accident."""
        if not self._ended.done():
            self._ended.set_exception(failure)

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Let nothing fail in silence."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as failure:
            self.fail(failure)

    async def _upkeep(self) -> None:
        """Send unanswered events again, and die of leaked connections when their time has come."""
        while True:
            await clock.sleep(_RESEND)
            self.replica.resend()
            leaked = self._network.leaked_since
            worn_out = leaked is not None and time.monotonic() - leaked > self._lifetime
            if worn_out and self._master_seniority < FORCED_SENIORITY:
                raise BrokenResourceError

    def _connections_changed(self) -> None:
        self._election.connections_changed()

    def _receive(self, topic: str, data: Any) -> None:
        """Take a message of another node."""
        if topic == "election":
            if self._election.receive(data) > self._completed_clock:
                self._unpaused.clear()
        elif topic == "command":
            self._election.commands_seen += 1
            if self._master is not None:
                self._master.command(data)
        elif topic == "download":
            self._on_download(data)
        elif topic == "local":
            self.replica.on_local(data)
        elif topic == "global":
            self.replica.on_global(data)
        elif topic == "ask":
            self.replica.on_ask(data)
        elif topic == "snapshot":
            self.replica.on_snapshot(data)

    def _elected(self, result: Result) -> None:
        """Follow the winner; a new one makes everybody begin again."""
        self._master_seniority = result.seniority
        mine = result.session.master == self.node_id
        where = "exo.main:_elect_loop:1"
        if mine and self._master is not None:
            self.log.info("Node elected Master", where=where)
        elif mine:
            self.log.info("Node elected Master - promoting self", where=where)
        elif self._master is not None:
            self.log.info(f"Node {result.session.master} elected master - demoting self", where=where)
        else:
            self.log.info(f"Node {result.session.master} elected master", where=where)
        if result.is_new_master or not self._session_tasks:
            self._begin_session(result)
        self._completed_clock = result.won_clock
        self._unpaused.set()

    def _begin_session(self, result: Result) -> None:
        """Start master, worker, downloads and information anew."""
        for task in self._session_tasks:
            task.cancel()
        if self._api is not None:
            self._api.text.abandon()
        self.replica.reset(result.session)
        work: list[Coroutine[Any, Any, None]] = []
        self._master = Master(self.replica, self.log) if self.replica.is_master else None
        if self._master is not None:
            work.append(self._master.run())
        self._downloads = None
        if not self._arguments.no_downloads:
            self._downloads = Downloads(
                self.node_id,
                self.paths,
                self.catalogue,
                self.log,
                offline=self._arguments.offline,
                emit=self.replica.emit,
                listed=lambda: self.node_id in self.replica.state.data["downloads"],
            )
            work.append(self._downloads.run())
        if not self._arguments.no_worker:
            work += self._begin_work()
        self._session_tasks = [asyncio.create_task(self._guard(item)) for item in work]

    def _begin_work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what a node with a worker does."""
        blocked = self._worker.blocked if self._worker is not None else []
        self._worker = Worker(
            self.node_id,
            self.replica,
            self._downloads,
            self.paths,
            self.log,
            command=self._command,
        )
        self._worker.blocked = blocked
        probes = Probes(self.node_id, self._arguments.api_port, lambda: self.replica.state, self.replica.emit)
        gatherer = Gatherer(self.node_id, self.paths, self.log, self.replica.emit)
        return [self._worker.run(), gatherer.run(), probes.run()]

    def _applied(self, event: Event) -> None:
        """Let those know who wait for an event."""
        if self._worker is not None and "NodeGatheredInfo" not in event:
            self._worker.notice()
        if self._api is not None:
            if "ChunkGenerated" in event:
                self._api.text.deliver(event)
            elif "InstanceDeleted" in event:
                self._api.text.abandon(event["InstanceDeleted"]["instanceId"])

    def _command(self, command: dict[str, Any]) -> None:
        """Send a command to the master, who may be this node."""
        self._election.commands_seen += 1
        self._network.publish("command", command)
        if self._master is not None:
            self._master.command(command)

    async def send_command(self, command: dict[str, Any]) -> None:
        """Send a client's command; while an election runs it waits."""
        await self._unpaused.wait()
        self._command(command)

    def send_download(self, command: dict[str, Any]) -> None:
        """Send a command about downloads to the node it names."""
        self._network.publish("download", command)
        asyncio.get_running_loop().call_later(clock.scaled(0.1), self._on_download, command)

    def _on_download(self, command: dict[str, Any]) -> None:
        """Carry out a command about downloads; one of them can end the process."""
        if self._downloads is not None:
            try:
                self._downloads.command(command)
            except DataWipedError as failure:
                self.fail(failure)
