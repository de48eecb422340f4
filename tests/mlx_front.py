# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Our service of mlx_lm on this machine: the real mlx_lm in an environment made as on a host, and generated models.

`python -m tests.mlx_front DIRECTORY` writes such a model and its manifest, as they lie on a host.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from lab.standins.model_hub import models

ROOT = Path(__file__).parents[1]
KEY = "a-key-of-the-test"
FOLDER = "org--tiny"
# Kept between runs; the module makes it anew where the lock file or the Python is another.
ENVIRONMENTS = ROOT / "build/mlx-lm"


def make_environment():
    """Return the Python of an environment with mlx_lm, made by the module that makes it on hosts."""
    arguments = {
        "path": str(ENVIRONMENTS),
        "title": "mlx_lm",
        "requirements": (ROOT / "roles/mlx_lm/files/requirements.txt").read_text(encoding="utf-8"),
        "installer": (ROOT / "roles/python_environment/files/uv.txt").read_text(encoding="utf-8"),
        "program": "bin/mlx_lm.server",
    }
    done = subprocess.run(
        [sys.executable, "-m", "ansible_collections.hybrid_ai.cluster.plugins.modules.python_environment"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": str(ROOT / "collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    answer = json.loads(done.stdout)
    assert not answer.get("failed"), answer["msg"]
    return ENVIRONMENTS / "current/bin/python"


def make_library(place):
    """Lay the front out as on a host."""
    shutil.copytree(ROOT / "roles/mlx_lm/files/mlx_front", place / "mlx_front")
    shutil.copy(ROOT / "roles/program/files/exposition.py", place / "mlx_front")
    return place


def put_model(directory, revision, seed):
    """Lay a revision of the model where a host has it, and the one before where it is kept meanwhile."""
    incoming = directory / ".incoming"
    models.write_safetensors(incoming, seed)
    if (directory / FOLDER).exists():
        shutil.rmtree(directory / ".previous", ignore_errors=True)
        (directory / ".previous").mkdir()
        (directory / FOLDER).rename(directory / ".previous" / FOLDER)
    incoming.rename(directory / FOLDER)
    write_manifest(directory, revision)


def write_manifest(directory, revision):
    """Say that what is there is whole."""
    files = [{"path": path.name, "size": path.stat().st_size, "sha256": ""} for path in (directory / FOLDER).iterdir()]
    manifest = {"version": 1, "folder": FOLDER, "source": {}, "revision": revision, "files": files}
    manifest["bytes"] = sum(file["size"] for file in files)
    (directory / ".manifests").mkdir(exist_ok=True)
    new = directory / ".manifests/new"
    new.write_text(json.dumps(manifest))
    new.rename(directory / f".manifests/{FOLDER}.json")


def free_port():
    """Return a port that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """Our service, as the supervisor runs it."""

    def __init__(self, place, python, library, **options):
        self.place, self.port = place, free_port()
        self.directory = place / "models"
        self.directory.mkdir(parents=True, exist_ok=True)
        (place / "home").mkdir(exist_ok=True)
        (place / "key").write_text(f"{KEY}\n")
        self.settings = {
            "host": "127.0.0.1",
            "port": self.port,
            "name": "qwen",
            "aliases": ["small"],
            "models_directory": str(self.directory),
            "folder": FOLDER,
            "home": str(place / "home"),
            "api_key_file": str(place / "key"),
            "parallel": 4,
            "stop_seconds": 20,
            **options,
        }
        (place / "front.json").write_text(json.dumps(self.settings))
        self._python, self._library, self.process = python, library, None

    def start(self):
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.place / "home"),
            "PYTHONPATH": str(self._library),
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }
        command = [self._python, "-m", "mlx_front", "--configuration", self.place / "front.json"]
        self.log = (self.place / "log").open("ab")
        self.process = subprocess.Popen(command, env=environment, stdout=self.log, stderr=self.log)
        return self

    def said(self):
        return (self.place / "log").read_text()

    def ask(self, method, path, body=None, key=KEY, timeout=60):
        """Send one request; return its status, its headers and its text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
        content = body if body is None or isinstance(body, bytes) else json.dumps(body)
        connection.request(method, path, content, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, text

    def chat(self, text="hello", **more):
        body = {"model": "qwen", "messages": [{"role": "user", "content": text}], "max_tokens": 5, **more}
        return self.ask("POST", "/v1/chat/completions", body)

    def health(self):
        try:
            status, _, text = self.ask("GET", "/health", key=None, timeout=10)
        except OSError:
            return 0, {}
        return status, json.loads(text)

    def metric(self, name):
        page = self.ask("GET", "/metrics", key=None)[2]
        found = re.search(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else None

    def wait(self, question, seconds=90):
        """Wait for something; fail with the log where it does not come."""
        deadline = time.monotonic() + seconds
        while not question():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)

    def wait_ready(self, revision=None):
        def ready():
            status, told = self.health()
            return status == 200 and (revision is None or told["revision"] == revision)

        self.wait(ready)
        return self

    def stop(self):
        """End it as a supervisor does; return for how long that took."""
        begin = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(30)
        self.log.close()
        return time.monotonic() - begin


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    if not (target / FOLDER).exists():
        put_model(target, "f" * 40, 1)
