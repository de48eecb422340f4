# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The HTTP API: the cluster's state, its models and its instances."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import cards, clock, placement, validate
from .downloads import HUB_ERROR
from .http import HttpError, Request, Response, Server, as_json
from .identity import new_id
from .state import tag
from .text_api import TextApi

if TYPE_CHECKING:
    from .cards import Card
    from .node import Node

_ROUTES = Path(__file__).resolve().parent / "data" / "routes.json"
_DASHBOARD = (
    b"<!doctype html><title>EXO</title><p>The dashboard of the exo stand-in: see <a href=/state>/state</a>.</p>"
)
_SHARDINGS = (placement.TENSOR, placement.PIPELINE)
_METAS = (placement.RING, placement.JACCL)
_RECEIVED = "Command received."


class Api:
    """The routes of one node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.server = Server()
        self.text = TextApi(node, self.server)
        for method, path, handler in (
            ("GET", "/", self._dashboard),
            ("GET", "/index.html", self._dashboard),
            ("GET", "/docs", self._dashboard),
            ("GET", "/openapi.json", self._openapi),
            ("GET", "/node_id", self._node_id),
            ("GET", "/state", self._state),
            ("GET", "/state/{path:path}", self._state),
            ("GET", "/events", self._events),
            ("GET", "/models", self._models),
            ("GET", "/v1/models", self._models),
            ("POST", "/models/add", self._add_model),
            ("GET", "/models/search", self._search_models),
            ("DELETE", "/models/custom/{model_id:path}", self._delete_model),
            ("POST", "/instance", self._create_instance),
            ("POST", "/place_instance", self._place_instance),
            ("GET", "/instance/placement", self._placement),
            ("GET", "/instance/previews", self._previews),
            ("GET", "/instance/{instance_id}", self._instance),
            ("DELETE", "/instance/{instance_id}", self._delete_instance),
            ("POST", "/download/start", self._start_download),
            ("POST", "/download/cancel", self._cancel_download),
            ("DELETE", "/download/{node_id}/{model_id:path}", self._delete_download),
            ("GET", "/onboarding", self._onboarding),
            ("POST", "/onboarding", self._complete_onboarding),
            ("GET", "/v1/traces", self._traces),
            ("POST", "/v1/traces/delete", self._delete_traces),
            ("GET", "/v1/traces/{task_id}", self._trace),
            ("GET", "/v1/traces/{task_id}/stats", self._trace),
            ("GET", "/v1/traces/{task_id}/raw", self._trace),
            ("GET", "/images", self._images),
            ("GET", "/images/{image_id}", self._image),
            # The dashboard's files and the pages that describe the API answer to both; nothing else does.
            *(("HEAD", path, self._dashboard) for path in ("/", "/index.html", "/docs")),
            ("HEAD", "/openapi.json", self._openapi),
        ):
            self.server.route(method, path, handler)

    async def _dashboard(self, _: Request) -> Response:
        return Response(_DASHBOARD, content_type="text/html; charset=utf-8")

    async def _openapi(self, _: Request) -> Response:
        routes = json.loads(_ROUTES.read_text(encoding="utf-8"))
        paths: dict[str, dict[str, dict[str, str]]] = {
            path: {method: {} for method in methods} for path, methods in routes["paths"].items()
        }
        return as_json({"openapi": "3.1.0", "info": routes["info"], "paths": paths})

    async def _node_id(self, _: Request) -> Response:
        return as_json(self._node.node_id)

    async def _state(self, request: Request) -> Response:
        value: Any = self._node.replica.state.data
        path = request.groups.get("path", "")
        try:
            for part in filter(None, path.split("/")):
                if isinstance(value, dict):
                    value = value[part]
                elif isinstance(value, list):
                    value = value[int(part)]
        except (KeyError, IndexError, ValueError):
            raise HttpError(404, f"unable to find path '{path.replace('/', '.')}' in state json") from None
        return as_json(value)

    async def _events(self, _: Request) -> Response:
        log = self._node.replica.api_log
        return as_json(log.read() if log is not None else [])

    async def _models(self, request: Request) -> Response:
        found = self._node.catalogue.all()
        if request.query.get("status") == ["downloaded"]:
            downloaded = self.text.downloaded()
            found = [card for card in found if card["modelId"] in downloaded]
        return as_json({"object": "list", "data": [cards.listing(card) for card in found]})

    async def _card(self, model_id: str) -> Card:
        """Return a card; an unknown one is looked for at huggingface.co, which nobody reaches from here."""
        card = self._node.catalogue.find(model_id)
        if card is None:
            await clock.sleep(clock.PLACEMENT_HUB_TIMEOUT)
            raise OSError(HUB_ERROR)
        return card

    async def _add_model(self, request: Request) -> Response:
        fields = validate.Fields(validate.body(request))
        fields.string("model_id")
        fields.finish()
        await clock.sleep(clock.PLACEMENT_HUB_TIMEOUT)
        raise HttpError(400, f"Failed to fetch model: {HUB_ERROR}")

    async def _search_models(self, _: Request) -> Response:
        return Response(b"Internal Server Error", 500, "text/plain; charset=utf-8")

    async def _delete_model(self, request: Request) -> Response:
        model_id = request.groups["model_id"]
        if not self._node.catalogue.delete_custom(model_id):
            raise HttpError(404, "Custom model card not found")
        return as_json({"message": "Model card deleted", "model_id": model_id})

    async def _create_instance(self, request: Request) -> Response:
        instance = validate.instance(validate.body(request))
        card = await self._card(tag(instance)[1]["shardAssignments"]["modelId"])
        required = card["storageSize"]["inBytes"]
        memory = self._node.replica.state.data["nodeMemory"].values()
        available = sum(usage["ramAvailable"]["inBytes"] for usage in memory)
        if required > available:
            raise HttpError(
                400,
                f"Insufficient memory to create instance. Required: {required / 1024**3:.1f}GB,"
                f" Available: {available / 1024**3:.1f}GB",
            )
        return await self._order({"CreateInstance": {"instance": instance}}, model_card=card)

    async def _order(self, command: dict[str, Any], **more: Any) -> Response:
        """Send a command to the master and say that it was taken, whatever becomes of it."""
        command_id = new_id()
        await self._node.send_command(command)
        return as_json({"message": _RECEIVED, "command_id": command_id, **more})

    async def _place_instance(self, request: Request) -> Response:
        fields = validate.Fields(validate.body(request))
        model_id = fields.string("model_id")
        content = {
            "sharding": fields.choice("sharding", _SHARDINGS, placement.PIPELINE),
            "instanceMeta": fields.choice("instance_meta", _METAS, placement.RING),
            "minNodes": fields.integer("min_nodes", 1),
        }
        fields.finish()
        card = await self._card(model_id)
        return await self._order({"PlaceInstance": {"modelCard": card, **content}}, model_card=card)

    async def _placement(self, request: Request) -> Response:
        fields = validate.query(request)
        model_id = fields.string("model_id")
        sharding = fields.choice("sharding", _SHARDINGS, placement.PIPELINE)
        meta = fields.choice("instance_meta", _METAS, placement.RING)
        minimum = fields.integer("min_nodes", 1)
        fields.finish()
        card = await self._card(model_id)
        try:
            return as_json(placement.place(placement.Request(card, sharding, meta, minimum), self._node.replica.state))
        except placement.PlacementError as failure:
            raise HttpError(400, str(failure)) from failure

    async def _previews(self, request: Request) -> Response:
        fields = validate.query(request)
        model_id = fields.string("model_id")
        fields.finish()
        if not self._node.replica.state.topology.nodes:
            return as_json({"previews": []})
        card = self._node.catalogue.find(model_id)
        if card is None:
            await clock.sleep(clock.HUB_TIMEOUT)
            raise HttpError(400, f"Failed to load model card: {HUB_ERROR}")
        required = frozenset(request.query.get("node_ids", []))
        return as_json({"previews": placement.previews(card, self._node.replica.state, required)})

    def _find_instance(self, request: Request) -> tuple[str, dict[str, Any]]:
        identity = request.groups["instance_id"]
        instance = self._node.replica.state.data["instances"].get(identity)
        if instance is None:
            raise HttpError(404, "Instance not found")
        return identity, instance

    async def _instance(self, request: Request) -> Response:
        return as_json(self._find_instance(request)[1])

    async def _delete_instance(self, request: Request) -> Response:
        identity, _ = self._find_instance(request)
        return await self._order({"DeleteInstance": {"instanceId": identity}}, instance_id=identity)

    def _download(self, kind: str, **content: Any) -> Response:
        self._node.send_download({kind: content})
        return as_json({"commandId": new_id()})

    async def _start_download(self, request: Request) -> Response:
        fields = validate.Fields(validate.body(request))
        node = fields.either("target_node_id", "targetNodeId")
        shard = fields.shard("shard_metadata", "shardMetadata")
        fields.finish()
        return self._download("StartDownload", targetNodeId=node, shardMetadata=shard)

    async def _cancel_download(self, request: Request) -> Response:
        fields = validate.Fields(validate.body(request))
        node = fields.either("target_node_id", "targetNodeId")
        model_id = fields.either("model_id", "modelId")
        fields.finish()
        return self._download("CancelDownload", targetNodeId=node, modelId=model_id)

    async def _delete_download(self, request: Request) -> Response:
        return self._download(
            "DeleteDownload", targetNodeId=request.groups["node_id"], modelId=request.groups["model_id"]
        )

    async def _onboarding(self, _: Request) -> Response:
        return as_json({"completed": (self._node.paths.cache / "onboarding_complete").exists()})

    async def _complete_onboarding(self, _: Request) -> Response:
        marker = self._node.paths.cache / "onboarding_complete"
        marker.write_text(str(int(time.time())), encoding="ascii")
        return as_json({"completed": True})

    async def _traces(self, _: Request) -> Response:
        return as_json({"traces": []})

    async def _trace(self, request: Request) -> Response:
        raise HttpError(404, f"Trace not found: {request.groups['task_id']}")

    async def _delete_traces(self, request: Request) -> Response:
        fields = validate.Fields(validate.body(request))
        wanted = fields.either("task_ids", "taskIds")
        fields.finish()
        return as_json({"deleted": [], "notFound": wanted})

    async def _images(self, _: Request) -> Response:
        return as_json({"data": []})

    async def _image(self, _: Request) -> Response:
        raise HttpError(404, "Image not found or expired")
