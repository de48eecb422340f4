# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The download coordinator: what lies on disk, what is asked for, what can be deleted."""

from __future__ import annotations

import asyncio
import json
import shutil
from typing import TYPE_CHECKING, Any

from . import clock
from .cards import pipeline_shard
from .state import Event, tag

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .cards import Card, Catalogue
    from .log import Log
    from .paths import Paths

HUB_ERROR = "Cannot connect to host huggingface.co:443 ssl:default [Temporary failure in name resolution]"
_RESCAN = 60.0
_SETTLED = ("DownloadOngoing", "DownloadCompleted", "DownloadFailed")


class DataWipedError(Exception):
    """A delete request with a path of '..' removed the data directory (exo issue 2267) and ends the process."""


def is_complete(directory: Path) -> bool:
    """Return whether every file the index names exists; their sizes are not looked at."""
    indexes = list(directory.glob("*.safetensors.index.json"))
    try:
        return bool(indexes) and all(
            (directory / name).exists()
            for index in indexes
            for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
        )
    except (OSError, ValueError, KeyError):
        return False


def is_readable(directory: Path) -> bool:
    """Return whether the header of every file of weights can be read and what it names is there."""
    try:
        return all(map(_has_its_tensors, directory.glob("*.safetensors")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _has_its_tensors(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 0 < length <= size - 8:
            return False
        header = json.loads(file.read(length))
    ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    return 8 + length + max(ends, default=0) <= size


def find_model(paths: Paths, model_id: str) -> Path | None:
    """Return the complete directory of a model."""
    name = model_id.replace("/", "--")
    return next((root / name for root in (*paths.read_only, *paths.writable) if is_complete(root / name)), None)


class Downloads:
    """One node's downloads during one session."""

    def __init__(
        self,
        node_id: str,
        paths: Paths,
        catalogue: Catalogue,
        log: Log,
        *,
        offline: bool,
        emit: Callable[[Event], None],
        listed: Callable[[], bool],
    ) -> None:
        self._node_id, self._paths, self._catalogue, self._log = node_id, paths, catalogue, log
        self._offline, self._emit, self._listed = offline, emit, listed
        self._status: dict[str, dict[str, Any]] = {}
        self._active: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Report every model of the catalogue, then what changed."""
        self._log.info(f"Starting DownloadCoordinator{' (offline mode)' if self._offline else ''}")
        try:
            while True:
                if not self._listed():  # also after the master took this node for dead
                    self._status.clear()
                for card in self._catalogue.all():
                    await self._report(card)
                await clock.sleep(_RESCAN)
        finally:
            for task in self._active.values():
                task.cancel()

    async def _report(self, card: Card) -> None:
        model_id = card["modelId"]
        if model_id in self._active:
            return
        status = self._completed(card) or self._entry("DownloadPending", card, **_nothing())
        before = self._status.get(model_id)
        if before != status and not (before and "DownloadFailed" in before and "DownloadPending" in status):
            self._set(model_id, status)
            await asyncio.sleep(0)

    def _entry(self, kind: str, card: Card, **more: Any) -> dict[str, Any]:
        """Return a download entry; the fields of its kind stand behind the common ones."""
        directory = self._paths.models / card["modelId"].replace("/", "--")
        return {
            kind: {
                "nodeId": self._node_id,
                "shardMetadata": pipeline_shard(card),
                "modelDirectory": str(directory),
                **more,
            }
        }

    def _completed(self, card: Card) -> dict[str, Any] | None:
        """Return the entry of a model that is on disk."""
        directory = find_model(self._paths, card["modelId"])
        if directory is None:
            return None
        total = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
        entry = self._entry(
            "DownloadCompleted",
            card,
            total={"inBytes": total},
            readOnly=any(directory.is_relative_to(root) for root in self._paths.read_only),
        )
        entry["DownloadCompleted"]["modelDirectory"] = str(directory)
        return entry

    def _set(self, model_id: str, status: dict[str, Any]) -> None:
        self._status[model_id] = status
        self._emit({"NodeDownloadProgress": {"downloadProgress": status}})

    def command(self, command: dict[str, Any]) -> None:
        """Carry out a command for this node."""
        name, content = tag(command)
        if content["targetNodeId"] != self._node_id:
            return
        if name == "StartDownload":
            self.start(tag(content["shardMetadata"])[1]["modelCard"])
        elif name == "CancelDownload":
            self._cancel(content["modelId"])
        elif name == "DeleteDownload":
            self._delete(content["modelId"])

    def start(self, card: Card) -> None:
        """Take a model from disk, or fail: there is no internet behind the stand-in."""
        model_id = card["modelId"]
        completed = self._completed(card)
        if completed is not None:
            self._set(model_id, completed)
            return
        if tag(self._status.get(model_id, {"": {}}))[0] in _SETTLED:
            return
        if self._offline:
            self._log.warning(f"Offline mode: model {model_id} is not fully available locally, cannot download")
            message = f"Model files not found locally in offline mode: {model_id}"
            self._set(model_id, self._entry("DownloadFailed", card, errorMessage=message))
            return
        progress = {
            "total": card["storageSize"],
            "downloaded": {"inBytes": 0},
            "downloadedThisSession": {"inBytes": 0},
            "completedFiles": 0,
            "totalFiles": 1,
            "speed": 0.0,
            "etaMs": 0,
            "files": {},
        }
        self._set(model_id, self._entry("DownloadOngoing", card, downloadProgress=progress))
        self._active[model_id] = asyncio.create_task(self._fail(card))

    async def _fail(self, card: Card) -> None:
        """Give up as a download without internet does."""
        await clock.sleep(clock.HUB_TIMEOUT)
        self._active.pop(card["modelId"], None)
        self._set(card["modelId"], self._entry("DownloadFailed", card, errorMessage=HUB_ERROR))

    def _cancel(self, model_id: str) -> None:
        task = self._active.pop(model_id, None)
        if task is not None:
            self._log.info(f"Cancelling download for {model_id}")
            task.cancel()
            self._reset(model_id)

    def _reset(self, model_id: str) -> None:
        """Show a model as not begun."""
        if model_id in self._status:
            card = tag(tag(self._status.pop(model_id))[1]["shardMetadata"])[1]["modelCard"]
            self._emit(
                {"NodeDownloadProgress": {"downloadProgress": self._entry("DownloadPending", card, **_nothing())}}
            )

    def _delete(self, model_id: str) -> None:
        """Remove a model's directory; the name is joined unchecked, as in the real program."""
        status = self._status.get(model_id, {})
        if status.get("DownloadCompleted", {}).get("readOnly"):
            self._log.warning(f"Refusing to delete read-only model {model_id}")
            return
        task = self._active.pop(model_id, None)
        if task is not None:
            task.cancel()
        name = model_id.replace("/", "--")
        self._log.info(f"Deleting model files for {model_id}")
        if name == "..":
            self._wipe()
        for root in self._paths.writable:
            shutil.rmtree(root / name, ignore_errors=True)
        self._reset(model_id)

    def _wipe(self) -> None:
        """Do the damage of a name of '..', but never outside directories that are exo's own."""
        wiped = self._paths.data if self._paths.models.parent == self._paths.data else self._paths.models
        shutil.rmtree(wiped, ignore_errors=True)
        raise DataWipedError(f"[Errno 2] No such file or directory: '{self._paths.data / 'event_log'}'")


def _nothing() -> dict[str, Any]:
    """Return the sizes of a download that has not begun."""
    return {"downloaded": {"inBytes": 0}, "total": {"inBytes": 0}}
