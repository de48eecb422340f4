# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hosts that run the program that hands models on, the way the role runs it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import File, Manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.chain.network import Network

ROOT = Path(__file__).resolve().parents[2]
PORT = 8099
COPIES_PORT = 8097
FOLDER = "org--model"


def write_model(models: Path, files: Mapping[str, bytes], revision: str = "a" * 40, folder: str = FOLDER) -> Manifest:
    """Have a complete folder of a model and return its manifest."""
    for name, content in files.items():
        path = models / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    listed = [File(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in sorted(files.items())]
    manifest = Manifest(
        folder, {"repository": folder.replace("--", "/"), "revision": revision}, revision, tuple(listed)
    )
    manifests.write(models, manifest)
    return manifest


def damage(path: Path, at: int = 3 << 20) -> None:
    """Change some bytes of a file, as a disk does."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"damaged")


class Host:
    """One host: its folders, the program on it, and what that says."""

    def __init__(self, network: Network, name: str, directory: Path) -> None:
        self.network, self.name = network, name
        self.models, self.work = directory / "models", directory / "work"
        self.models.mkdir(parents=True)
        self.work.mkdir()
        self.process: subprocess.Popen[bytes] | None = None
        self.token = ""

    @property
    def address(self) -> str:
        """Where the others find it."""
        return self.network.hosts[self.name]

    def start(
        self, manifest: Manifest, holders: Sequence[Host] = (), torrent: bytes | None = None, **options: Any
    ) -> None:
        """Run the program with a job for one folder, in the place of one that runs."""
        self.token = f"{self.name}-{time.monotonic()}"
        entry = {
            "manifest": manifest.as_dict(),
            "holders": [{"host": holder.name, "addresses": [holder.address]} for holder in holders],
            "torrent": base64.b64encode(torrent).decode() if torrent else None,
        }
        job = {
            "version": 1,
            "host": self.name,
            "models_directory": str(self.models),
            "state_directory": str(self.work),
            "listen": [self.address],
            "port": PORT,
            "copies_port": COPIES_PORT,
            "allowed": list(self.network.hosts.values()),
            "folders": [entry],
            "token": self.token,
            **options,
        }
        path = self.work / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        words = [sys.executable, "-P", "-m", "model_transfer", "--job", str(path), "--work", str(self.work)]
        folders = [ROOT / "roles/model_files/files", ROOT / "collections"]
        environment = {**os.environ, "PYTHONPATH": ":".join(map(str, folders)), "PYTHONDONTWRITEBYTECODE": "1"}
        log = (self.work / "log").open("ab")
        self.process = subprocess.Popen(
            self.network.argv(self.name, *words), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
        )

    def torrent(self, seconds: float = 20) -> bytes:
        """Wait until this host offers its folder, and return its torrent."""
        self.wait("complete", seconds)
        return next((self.work / "torrents").glob("*.torrent")).read_bytes()

    def status(self) -> dict[str, Any]:
        """Return what the program says about the folder; nothing before it says something."""
        try:
            found = json.loads((self.work / "status.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return found["folders"].get(FOLDER, {}) if found["token"] == self.token else {}

    def until(self, question: Callable[[dict[str, Any]], bool], seconds: float = 20) -> dict[str, Any]:
        """Wait until what the program says is as wanted, and return it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.status()
            if status and question(status):
                return status
            if self.process is None or self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"{self.name} is not as wanted: {self.status()}\n{self.log()}")

    def wait(self, state: str, seconds: float = 20) -> dict[str, Any]:
        """Wait until the folder is in a state."""
        return self.until(lambda status: status["state"] == state, seconds)

    def log(self) -> str:
        """Return what the program printed."""
        return (self.work / "log").read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """End the program as a power failure does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the program as the role does."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def wrong(self, manifest: Manifest) -> list[str]:
        """Return what is wrong with the folder that this host has, by all its bytes."""
        if manifests.read(self.models, manifest.folder) != manifest:
            return ["There is another manifest, or none."]
        return manifests.check(self.models, manifest, hash=True)
