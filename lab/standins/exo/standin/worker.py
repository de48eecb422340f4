# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The worker of a node: it brings the runners of its instances to work, step by step with the other ranks."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
import time
from typing import TYPE_CHECKING, Any

from . import clock, generation
from .downloads import find_model, is_readable
from .identity import new_id
from .state import download_model, tag
from .supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .downloads import Downloads
    from .log import Log
    from .paths import Paths
    from .replica import Replica

_MAXIMUM_ATTEMPTS = 5
_RETRY_PAUSE = 2.0
_HANG_VARIABLE = "EXO_STANDIN_HANG"
_STARTED_TASKS = {"connect": "ConnectToGroup", "load": "LoadModel", "warm": "StartWarmup"}
# A rank in one of these has connections to its neighbours.
_JOINED = frozenset(
    {"RunnerConnected", "RunnerLoading", "RunnerLoaded", "RunnerWarmingUp", "RunnerReady", "RunnerRunning"}
)
_WHERE = "exo.worker.main:plan_step:1"


class Worker:
    """The runners of one node in one session."""

    def __init__(
        self,
        node_id: str,
        replica: Replica,
        downloads: Downloads | None,
        paths: Paths,
        log: Log,
        *,
        command: Callable[[dict[str, Any]], None],
    ) -> None:
        self._node_id, self._replica, self._downloads = node_id, replica, downloads
        self._paths, self._log, self._command = paths, log, command
        self._runners: dict[str, Supervisor] = {}
        self._attempts: dict[str, int] = {}
        self._tasks: dict[str, str] = {}
        self._asked_for: set[str] = set()
        self._serving: dict[str, dict[str, Any]] = {}
        self._served: set[str] = set()
        self._stuck: dict[str, float] = {}
        self._wake = asyncio.Event()
        self.blocked: list[Supervisor] = []

    def notice(self) -> None:
        """Look at the state again soon."""
        self._wake.set()

    async def run(self) -> None:
        """Plan after every change until cancelled, then end the runners."""
        self._log.info("Starting Worker", where="exo.worker.main:run:1")
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if not self.blocked:
                    await self._plan()
                await clock.sleep(0.1)
        finally:
            self._log.info("Stopping Worker", where="exo.worker.main:run:1")
            for runner in self._runners.values():
                runner.end()

    async def _plan(self) -> None:
        """Take every step that is possible now."""
        instances = self._replica.state.data["instances"]
        for runner in list(self._runners.values()):
            # What is left of a ring with a broken rank begins again with it.
            if runner.instance_id not in instances or (runner.status in _JOINED and self._is_broken(runner.others)):
                self._shut_down(runner)
        for identity, instance in list(instances.items()):
            assignments = tag(instance)[1]["shardAssignments"]
            runner_id = assignments["nodeToRunner"].get(self._node_id)
            if runner_id is None or runner_id in self._runners:
                continue
            if self._is_broken([runner_id]) or not self._is_broken(assignments["runnerToShard"]):
                await self._create(identity, instance)
        for runner in list(self._runners.values()):
            if runner.busy is None:
                self._advance(runner)

    async def _create(self, identity: str, instance: dict[str, Any]) -> None:
        """Start a runner; after five failures ask for the instance's removal."""
        attempts = self._attempts.get(identity, 0)
        if attempts >= _MAXIMUM_ATTEMPTS:
            self._log.warning(
                f"Instance {identity} exceeded {_MAXIMUM_ATTEMPTS} retries, requesting deletion", where=_WHERE
            )
            self._command({"DeleteInstance": {"instanceId": identity}})
            return
        self._attempts[identity] = attempts + 1
        self._log.info("Worker plan: CreateRunner", where=_WHERE)
        runner = Supervisor(copy.deepcopy(instance), self._node_id, self._reported)
        bound = {"instance": instance, "boundRunnerId": runner.runner_id, "boundNodeId": self._node_id}
        self._finish_task(self._begin_task("CreateRunner", identity, boundInstance=bound))
        self._runners[runner.runner_id] = runner
        runner.busy = "start"
        await runner.start()

    def _is_broken(self, runners: Iterable[str]) -> bool:
        """Return whether one of these runners has failed and is not back."""
        return any("RunnerFailed" in self._all_runners().get(runner, {}) for runner in runners)

    def _advance(self, runner: Supervisor) -> None:
        """Take a runner's next step when the other ranks are as far."""
        others = [tag(self._all_runners().get(other, {"": {}}))[0] for other in runner.others]
        alone, rank = not others, runner.shard["deviceRank"]
        if runner.status == "RunnerIdle":
            self._ask_for_model(runner)
            if alone and self._is_downloaded_everywhere(runner):
                self._load(runner)
            elif not alone and self._may_connect(runner, set(others)):
                self._connect(runner)
        elif runner.status == "RunnerConnected":
            ready = {"RunnerConnected", "RunnerLoading", "RunnerLoaded", "RunnerWarmingUp"}
            if set(others) <= ready and self._is_downloaded_everywhere(runner):
                self._load(runner)
        elif runner.status == "RunnerLoaded":
            wanted = {"RunnerWarmingUp", "RunnerReady"} if rank == 0 else {"RunnerLoaded", "RunnerWarmingUp"}
            if set(others) <= wanted:
                self._start(runner, "warm", {"RunnerWarmingUp": {}})
        elif runner.status == "RunnerReady":
            self._serve(runner)

    @staticmethod
    def _may_connect(runner: Supervisor, others: set[str]) -> bool:
        """Return whether it is this rank's turn: the last one waits until all others accept."""
        wanted = {"RunnerConnecting"} if runner.is_last else {"RunnerIdle", "RunnerConnecting"}
        return others <= wanted

    def _all_runners(self) -> dict[str, dict[str, Any]]:
        runners: dict[str, dict[str, Any]] = self._replica.state.data["runners"]
        return runners

    @staticmethod
    def _layers(runner: Supervisor) -> int:
        return int(runner.shard["endLayer"] - runner.shard["startLayer"])

    def _load(self, runner: Supervisor) -> None:
        """Load the weights; over what it cannot read the real program waits for ever, without a failure.

        It was seen to stay in RunnerLoading, and in RunnerIdle while it planned the loading again ten times a second.
        """
        directory = find_model(self._paths, runner.content["shardAssignments"]["modelId"])
        loading = {"RunnerLoading": {"layersLoaded": 0, "totalLayers": self._layers(runner)}}
        if directory is not None and is_readable(directory):
            self._start(runner, "load", loading)
            return
        self._log.info(f"Worker plan: {_STARTED_TASKS['load']}", where=_WHERE)
        self._begin_task(_STARTED_TASKS["load"], runner.instance_id)
        if runner.others:
            self._set(runner, loading)
            runner.busy = "load"
        else:
            self._stuck.setdefault(runner.runner_id, time.monotonic())

    def _connect(self, runner: Supervisor) -> None:
        """Join the ring; in hang mode the report of it is lost, and with it the whole placement."""
        if not runner.is_last and self._hangs():
            self._begin_task("ConnectToGroup", runner.instance_id)
            runner.tell("connect")
            return
        self._log.info(f"[ring] Rank {runner.shard['deviceRank']} accepting", where="mlx:ring:1")
        self._start(runner, "connect", {"RunnerConnecting": {}})

    def _hangs(self) -> bool:
        """Return whether this placement is to hang; the file holds for how many."""
        if os.environ.get(_HANG_VARIABLE):
            return True
        flag = self._paths.hang_flag
        try:
            left = int(flag.read_text(encoding="ascii") or "1")
        except (OSError, ValueError):
            return False
        with contextlib.suppress(OSError):
            if left > 1:
                flag.write_text(str(left - 1), encoding="ascii")
            else:
                flag.unlink()
        return left > 0

    def _ask_for_model(self, runner: Supervisor) -> None:
        """Have the coordinator look for the model once."""
        model = runner.content["shardAssignments"]["modelId"]
        if self._is_downloaded(self._node_id, model) or runner.runner_id in self._asked_for:
            return
        self._asked_for.add(runner.runner_id)
        shard = runner.content["shardAssignments"]["runnerToShard"][runner.runner_id]
        self._begin_task("DownloadModel", runner.instance_id, shardMetadata=shard)
        if self._downloads is not None:
            self._downloads.start(runner.shard["modelCard"])

    def _is_downloaded(self, node: str, model: str) -> bool:
        return any(
            "DownloadCompleted" in progress and download_model(progress) == model
            for progress in self._replica.state.data["downloads"].get(node, [])
        )

    def _is_downloaded_everywhere(self, runner: Supervisor) -> bool:
        assignments = runner.content["shardAssignments"]
        return all(self._is_downloaded(node, assignments["modelId"]) for node in assignments["nodeToRunner"])

    def _start(self, runner: Supervisor, command: str, status: dict[str, Any]) -> None:
        """Give a runner its order and tell everybody."""
        self._log.info(f"Worker plan: {_STARTED_TASKS[command]}", where=_WHERE)
        self._tasks[runner.runner_id] = self._begin_task(_STARTED_TASKS[command], runner.instance_id)
        self._set(runner, status)
        runner.tell(command)

    def _reported(self, runner: Supervisor, report: str) -> None:
        """Take over what a runner did."""
        word, _, rest = report.partition(" ")
        statuses = {
            "start": "RunnerIdle",
            "connect": "RunnerConnected",
            "load": "RunnerLoaded",
            "warm": "RunnerReady",
            "generate": "RunnerReady",
        }
        if word == "fail":
            self._fail(runner, rest)
            return
        if word == "generate":
            self._answer(runner)
        if runner.runner_id in self._tasks:
            self._finish_task(self._tasks.pop(runner.runner_id))
        self._set(runner, {statuses[word]: {}})
        self.notice()

    def _fail(self, runner: Supervisor, message: str) -> None:
        """Report a failure and try again after a pause."""
        self._log.warning(f"Runner {runner.runner_id} failed: {message}", where="exo.worker.runner.runner_supervisor:1")
        request = self._serving.pop(runner.runner_id, None)
        if request is not None and runner.shard["deviceRank"] == 0:
            self._replica.emit(generation.error_event(request, message))
        self._set(runner, {"RunnerFailed": {"errorMessage": message}})
        runner.end()
        asyncio.get_running_loop().call_later(clock.scaled(_RETRY_PAUSE), self._forget, runner.runner_id)

    def _forget(self, runner_id: str) -> None:
        self._runners.pop(runner_id, None)
        self.notice()

    def _shut_down(self, runner: Supervisor) -> None:
        """End a runner whose instance is gone; one that waits in the ring blocks the whole worker instead.

        One that was told to load over and over first does all that.
        """
        if runner.busy == "connect":
            self.blocked.append(self._runners.pop(runner.runner_id))
            return
        since = self._stuck.pop(runner.runner_id, None)
        if since is not None:
            self.blocked.append(runner)
            asyncio.get_running_loop().call_later(time.monotonic() - since, self._unblock, runner)
            return
        request = self._serving.pop(runner.runner_id, None)
        if request is not None and runner.shard["deviceRank"] == 0:
            self._replica.emit(generation.error_event(request, "the ring is broken"))
        self._log.info("Worker plan: Shutdown", where=_WHERE)
        task = self._begin_task("Shutdown", runner.instance_id, runnerId=runner.runner_id)
        self._replica.emit({"TaskStatusUpdated": {"taskId": task, "taskStatus": "Running"}})
        self._set(runner, {"RunnerShuttingDown": {}})
        runner.end()
        del self._runners[runner.runner_id]

    def _unblock(self, runner: Supervisor) -> None:
        self.blocked.remove(runner)
        self.notice()

    def _set(self, runner: Supervisor, status: dict[str, Any]) -> None:
        runner.status = tag(status)[0]
        self._replica.emit({"RunnerStatusUpdated": {"runnerId": runner.runner_id, "runnerStatus": status}})

    def _begin_task(self, kind: str, instance_id: str, **more: Any) -> str:
        task_id = new_id()
        task = {"taskId": task_id, "taskStatus": "Pending", "instanceId": instance_id, **more}
        self._replica.emit({"TaskCreated": {"taskId": task_id, "task": {kind: task}}})
        return task_id

    def _finish_task(self, task_id: str) -> None:
        self._replica.emit({"TaskStatusUpdated": {"taskId": task_id, "taskStatus": "Complete"}})

    def _serve(self, runner: Supervisor) -> None:
        """Begin with the oldest request for this runner's instance."""
        for task_id, task in self._replica.state.data["tasks"].items():
            kind, request = tag(task)
            if (
                kind not in generation.REQUESTS
                or request["instanceId"] != runner.instance_id
                or task_id in self._served
            ):
                continue
            # A request for an image is not ended by its failure, and so comes again.
            if kind == "TextGeneration":
                self._served.add(task_id)
                self._serving[runner.runner_id] = request
            self._set(runner, {"RunnerRunning": {}})
            if "unbearable" in request["taskParams"]:
                runner.crash()
            else:
                runner.tell(f"generate {generation.token_count(request['taskParams'])}")
            return

    def _answer(self, runner: Supervisor) -> None:
        """Send the text; the first rank speaks for all."""
        request = self._serving.pop(runner.runner_id)
        if runner.shard["deviceRank"] == 0:
            for event in generation.events(request):
                self._replica.emit(event)
