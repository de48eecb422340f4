# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The state every node holds: what the master's numbered events make of it."""

from __future__ import annotations

from typing import Any

from .topology import Topology

Event = dict[str, Any]
_PER_NODE = (
    "downloads",
    "lastSeen",
    "nodeMemory",
    "nodeDisk",
    "nodeSystem",
    "nodeNetwork",
    "nodeThunderbolt",
    "nodeThunderboltBridge",
    "nodeRdmaCtl",
)
_UNKNOWN_IDENTITY = {
    "modelId": "Unknown",
    "chipId": "Unknown",
    "friendlyName": "Unknown",
    "osVersion": "Unknown",
    "osBuildVersion": "Unknown",
}


def empty() -> dict[str, Any]:
    """Return the state before the first event, in the order the API prints it."""
    return {
        "instances": {},
        "runners": {},
        "downloads": {},
        "tasks": {},
        "lastSeen": {},
        "topology": {"nodes": [], "connections": {}},
        "lastEventAppliedIdx": -1,
        "nodeIdentities": {},
        "nodeMemory": {},
        "nodeDisk": {},
        "nodeSystem": {},
        "nodeNetwork": {},
        "nodeThunderbolt": {},
        "nodeThunderboltBridge": {},
        "nodeRdmaCtl": {},
        "thunderboltBridgeCycles": [],
    }


def tag(value: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return name and content of an externally tagged object."""
    ((name, content),) = value.items()
    return name, content


class State:
    """One node's copy of the state."""

    def __init__(self, data: dict[str, Any] | None = None) -> None:
        self.data = empty() if data is None else data

    @property
    def topology(self) -> Topology:
        """Return the graph."""
        return Topology(self.data["topology"])

    @property
    def index(self) -> int:
        """Return the number of the last event."""
        return int(self.data["lastEventAppliedIdx"])

    def apply(self, index: int, event: Event) -> None:
        """Apply the next event; kinds that change nothing only count."""
        name, content = tag(event)
        handler = getattr(self, f"_{_snake(name)}", None)
        if handler is not None:
            handler(content)
        self.data["lastEventAppliedIdx"] = index

    def _instance_created(self, event: Event) -> None:
        _, instance = tag(event["instance"])
        self.data["instances"][instance["instanceId"]] = event["instance"]

    def _instance_deleted(self, event: Event) -> None:
        self.data["instances"].pop(event["instanceId"], None)

    def _runner_status_updated(self, event: Event) -> None:
        if "RunnerShutdown" in event["runnerStatus"]:
            self.data["runners"].pop(event["runnerId"], None)
        else:
            self.data["runners"][event["runnerId"]] = event["runnerStatus"]

    def _task_created(self, event: Event) -> None:
        self.data["tasks"][event["taskId"]] = event["task"]

    def _task_deleted(self, event: Event) -> None:
        self.data["tasks"].pop(event["taskId"], None)

    def _task_status_updated(self, event: Event) -> None:
        if event["taskId"] in self.data["tasks"]:
            _, task = tag(self.data["tasks"][event["taskId"]])
            task["taskStatus"] = event["taskStatus"]

    def _node_download_progress(self, event: Event) -> None:
        progress = event["downloadProgress"]
        _, content = tag(progress)
        downloads = self.data["downloads"].setdefault(content["nodeId"], [])
        wanted = download_model(progress)
        for position, existing in enumerate(downloads):
            if download_model(existing) == wanted:
                downloads[position] = progress
                return
        downloads.append(progress)

    def _topology_edge_created(self, event: Event) -> None:
        self.topology.add_edge(event["source"], event["sink"], event["edge"])

    def _topology_edge_deleted(self, event: Event) -> None:
        self.topology.remove_edge(event["source"], event["sink"], event["edge"])

    def _node_timed_out(self, event: Event) -> None:
        node = event["nodeId"]
        had_bridge = self.data["nodeThunderboltBridge"].get(node, {}).get("enabled", False)
        self.topology.remove_node(node)
        for part in _PER_NODE:
            self.data[part].pop(node, None)
        if had_bridge:
            self._find_bridge_cycles()

    def _node_gathered_info(self, event: Event) -> None:
        node = event["nodeId"]
        self.data["lastSeen"][node] = event["when"]
        self.topology.add_node(node)
        name, info = tag(event["info"])
        handler = getattr(self, f"_info_{_snake(name)}", None)
        if handler is not None:
            handler(node, info)

    def _info_memory_usage(self, node: str, info: Event) -> None:
        self.data["nodeMemory"][node] = info

    def _info_macmon_metrics(self, node: str, info: Event) -> None:
        self.data["nodeSystem"][node] = info["systemProfile"]
        self.data["nodeMemory"][node] = info["memory"]

    def _info_node_disk_usage(self, node: str, info: Event) -> None:
        self.data["nodeDisk"][node] = info["diskUsage"]

    def _info_misc_data(self, node: str, info: Event) -> None:
        self._identity(node)["friendlyName"] = info["friendlyName"]

    def _info_static_node_information(self, node: str, info: Event) -> None:
        self._identity(node).update(
            modelId=info["model"],
            chipId=info["chip"],
            osVersion=info["osVersion"],
            osBuildVersion=info["osBuildVersion"],
        )

    def _identity(self, node: str) -> dict[str, str]:
        identity: dict[str, str] = self.data["nodeIdentities"].setdefault(node, dict(_UNKNOWN_IDENTITY))
        return identity

    def _info_node_network_interfaces(self, node: str, info: Event) -> None:
        self.data["nodeNetwork"][node] = {"interfaces": info["ifaces"]}

    def _info_mac_thunderbolt_identifiers(self, node: str, info: Event) -> None:
        self.data["nodeThunderbolt"][node] = {"interfaces": info["idents"]}

    def _info_mac_thunderbolt_connections(self, node: str, info: Event) -> None:
        ports = {
            port["domainUuid"]: (owner, port["rdmaInterface"])
            for owner, ports in self.data["nodeThunderbolt"].items()
            for port in ports["interfaces"]
        }
        cables = [
            (ports[cable["sinkUuid"]], ports[cable["sourceUuid"]][1])
            for cable in info["conns"]
            if cable["sinkUuid"] in ports and cable["sourceUuid"] in ports
        ]
        self.topology.replace_rdma_edges(
            node, [(sink, {"sourceRdmaIface": own, "sinkRdmaIface": far}) for (sink, far), own in cables]
        )

    def _info_thunderbolt_bridge_info(self, node: str, info: Event) -> None:
        before = self.data["nodeThunderboltBridge"].get(node, {}).get("enabled", False)
        self.data["nodeThunderboltBridge"][node] = info["status"]
        if before != info["status"]["enabled"]:
            self._find_bridge_cycles()

    def _info_rdma_ctl_status(self, node: str, info: Event) -> None:
        self.data["nodeRdmaCtl"][node] = info

    def _find_bridge_cycles(self) -> None:
        """Look for loops; the real program does so only when a bridge goes on or off, not when edges come."""
        enabled = {node for node, status in self.data["nodeThunderboltBridge"].items() if status["enabled"]}
        addresses = {
            interface["ipAddress"]
            for node in enabled
            for interface in self.data["nodeNetwork"].get(node, {}).get("interfaces", [])
            if interface["interfaceType"] == "thunderbolt"
        }
        self.data["thunderboltBridgeCycles"] = self.topology.bridge_cycles(enabled, addresses)


def download_model(progress: dict[str, Any]) -> str:
    """Return the model id a download entry is about."""
    _, content = tag(progress)
    if "shardMetadata" not in content:
        return str(content["modelDirectory"])
    _, shard = tag(content["shardMetadata"])
    return str(shard["modelCard"]["modelId"])


def _snake(name: str) -> str:
    """Return an event's name as a method name."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
