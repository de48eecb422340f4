# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What only the master does: commands become events, dead nodes and broken instances are removed."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from . import clock
from .generation import REQUESTS
from .identity import new_id
from .placement import PlacementError, Request, place
from .state import tag

if TYPE_CHECKING:
    from .log import Log
    from .replica import Replica

_WHERE = "exo.master.main:_command_processor:1"


class Master:
    """The master's duties in one session."""

    def __init__(self, replica: Replica, log: Log) -> None:
        self._replica, self._log = replica, log
        self._task_of_command: dict[str, str] = {}

    async def run(self) -> None:
        """Look for broken instances and silent nodes every ten seconds."""
        while True:
            self._remove_broken_instances()
            self._remove_silent_nodes()
            await clock.sleep(clock.MASTER_INTERVAL)

    def _remove_broken_instances(self) -> None:
        """Delete the instances of nodes that are gone."""
        present = set(self._replica.state.topology.nodes)
        for identity, instance in list(self._replica.state.data["instances"].items()):
            if not present.issuperset(tag(instance)[1]["shardAssignments"]["nodeToRunner"]):
                self._replica.emit({"InstanceDeleted": {"instanceId": identity}})

    def _remove_silent_nodes(self) -> None:
        """Time out the nodes nothing was heard of for 30 seconds."""
        now = datetime.now(tz=UTC)
        for node, seen in list(self._replica.state.data["lastSeen"].items()):
            if (now - datetime.fromisoformat(seen)).total_seconds() > clock.network_timeout(clock.NODE_TIMEOUT):
                self._log.info(f"Manually removing node {node} due to inactivity", where="exo.master.main:_plan:1")
                self._replica.emit({"NodeTimedOut": {"nodeId": node}})

    def command(self, command: dict[str, Any]) -> None:
        """Carry out a command; one that fails is only logged."""
        name, content = tag(command)
        try:
            if name == "PlaceInstance":
                request = Request(
                    content["modelCard"], content["sharding"], content["instanceMeta"], content["minNodes"]
                )
                self._replica.emit({"InstanceCreated": {"instance": place(request, self._replica.state)}})
            elif name == "CreateInstance":
                self._replica.emit({"InstanceCreated": {"instance": content["instance"]}})
            elif name == "DeleteInstance":
                self._delete_instance(content["instanceId"])
            elif name in REQUESTS:
                self._generate(name, content)
            elif name in ("TaskFinished", "TaskCancelled"):
                self._finish(content["commandId"])
        except PlacementError:
            self._log.warning(f"Error in command processor\n{traceback.format_exc().rstrip()}", where=_WHERE)

    def _delete_instance(self, identity: str) -> None:
        if identity not in self._replica.state.data["instances"]:
            raise PlacementError(f"Instance {identity} not found")
        self._replica.emit({"InstanceDeleted": {"instanceId": identity}})

    def _generate(self, name: str, content: dict[str, Any]) -> None:
        """Give a request to the instance of its model that has the fewest."""
        waiting: dict[str, int] = {
            identity: 0
            for identity, instance in self._replica.state.data["instances"].items()
            if tag(instance)[1]["shardAssignments"]["modelId"] == content["taskParams"]["model"]
        }
        for task in self._replica.state.data["tasks"].values():
            kind, values = tag(task)
            if kind in REQUESTS and values["instanceId"] in waiting:
                waiting[values["instanceId"]] += 1
        if not waiting:
            raise PlacementError(f"No instance found for model {content['taskParams']['model']}")
        task_id = new_id()
        self._task_of_command[content["commandId"]] = task_id
        task = {
            "taskId": task_id,
            "taskStatus": "Pending",
            "instanceId": min(waiting, key=waiting.__getitem__),
            "commandId": content["commandId"],
            "taskParams": content["taskParams"],
            "errorType": None,
            "errorMessage": None,
        }
        self._replica.emit({"TaskCreated": {"taskId": task_id, "task": {name: task}}})

    def _finish(self, command_id: str) -> None:
        task_id = self._task_of_command.pop(command_id, None)
        if task_id is not None:
            self._replica.emit({"TaskDeleted": {"taskId": task_id}})
