# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiny model on hosts of a lab, a table that serves it with exo, and what the keepers say of it."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.standins.exo import tiny_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.site.cluster import Cluster, Run

NAME = "small"
FOLDER = "small"
MODELS = "/opt/hybrid-ai/models"
UNPACK = (
    "import base64, io, sys, tarfile;"
    " tarfile.open(fileobj=io.BytesIO(base64.b64decode(sys.stdin.read()))).extractall(sys.argv[1])"
)
PYTHONS = ("/opt/hybrid-ai/python/bin/python3", "/usr/bin/python3")


def archive() -> str:
    """Return the model's folder and its manifest, packed as text; it has no index, as models of one file on a hub."""
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory() as work, tarfile.open(fileobj=packed, mode="w:gz") as tar:
        folder = tiny_model.write(Path(work))
        (folder / "model.safetensors.index.json").unlink()
        files = sorted(folder.iterdir())
        listed = [{"path": path.name, "size": path.stat().st_size, "sha256": "0" * 64} for path in files]
        size = sum(path.stat().st_size for path in files)
        manifest = {"version": 1, "folder": FOLDER, "source": {}, "revision": "1" * 64, "files": listed, "bytes": size}
        for path in files:
            tar.add(path, f"{FOLDER}/{path.name}")
        text = json.dumps(manifest).encode()
        entry = tarfile.TarInfo(f".manifests/{FOLDER}.json")
        entry.size, entry.mode = len(text), 0o644
        tar.addfile(entry, io.BytesIO(text))
    return base64.b64encode(packed.getvalue()).decode()


def python_of(cluster: Cluster, host: str) -> str:
    """Return a Python of a host."""
    return cluster.execute(host, "sh", "-c", f"ls {' '.join(PYTHONS)} 2>/dev/null | head -1").strip()


def bring(cluster: Cluster, *hosts: str) -> None:
    """Put the model on hosts, as the role model_files does."""
    packed = archive()
    for host in hosts:
        cluster.execute(host, "mkdir", "-p", MODELS)
        cluster.execute(host, python_of(cluster, host), "-c", UNPACK, MODELS, stdin=packed)


def table(*hosts: str, **more: Any) -> str:
    """Return the variable for a run: the table with one model."""
    entry = {"name": NAME, "source": {"path": "/nowhere/small"}, "format": "safetensors", "backend": "exo"}
    return json.dumps({"cluster_models": [{**entry, "hosts": list(hosts), **more}]})


def serve(cluster: Cluster, *hosts: str, tags: str = "release_store,thunderbolt,exo,exo_models", **more: Any) -> Run:
    """Have exo serve the model on hosts, with cables that do not loop: exo elects a new master again and again else."""
    quick = {"exo_models_deadline_seconds": 15, "exo_models_grace_seconds": 40}
    variables = ["-e", table(*hosts, **more), "-e", json.dumps(quick)]
    return cluster.play("site.yml", "--tags", tags, *variables).succeeded()


def address(host: str) -> str:
    """Return the address of a host of the lab."""
    return {"gpu1": "10.66.1.20"}.get(host, f"10.66.1.1{host[-1]}")


def status(cluster: Cluster, host: str) -> dict[str, Any]:
    """Return what the keeper of a host says."""
    found: dict[str, Any] = json.loads(cluster.execute(host, "curl", "-s", f"http://{address(host)}:9109/status"))
    return found


def model(cluster: Cluster, host: str) -> dict[str, Any]:
    """Return what it says of the model."""
    found: dict[str, Any] = status(cluster, host)["models"][0]
    return found


def answers(cluster: Cluster, host: str) -> bool:
    """Tell whether the model answers a token when exo on a host is asked."""
    body = json.dumps({"model": NAME, "messages": [{"role": "user", "content": "hi"}], "max_tokens": 4})
    kind = "Content-Type: application/json"
    said = cluster.execute(
        host, "curl", "-s", "-m", "30", "-H", kind, "-d", body, "http://127.0.0.1:52415/v1/chat/completions"
    )
    try:
        return bool(json.loads(said)["usage"]["completion_tokens"] >= 1)
    except (ValueError, KeyError):
        return False


def wait(what: Callable[[], object], seconds: float, told: Callable[[], object]) -> None:
    """Wait until something is true; what hosts say in the meantime may be nothing."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if what():
                return
        except (AssertionError, ValueError, KeyError, IndexError):
            pass
        assert time.monotonic() < deadline, told()
        time.sleep(1)
