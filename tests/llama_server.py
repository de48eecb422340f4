# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""llama-server as the role runs it, on this machine's loopback: for the contract and the benchmark."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import router
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _llama_cpp

from lab import names
from tests.unit.roles.render import render

KEY = "contract-key-0123456789"
START_SECONDS = 60.0
ROLES = Path(__file__).parents[1] / "roles"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_program(place: Path) -> Path | None:
    """Return LLAMA_SERVER_PROGRAM, or what the lab has compiled, unpacked at a place; None where there is neither."""
    if named := os.environ.get("LLAMA_SERVER_PROGRAM"):
        return Path(named)
    found = sorted(names.CACHE.glob("compiled-*/llama_cpp/*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not found:
        return None
    with tarfile.open(found[-1]) as archive:
        archive.extractall(place, filter="data")
    return next(place.glob("*/llama-server"))


def install_keeper(place: Path) -> Path:
    """Put the program that runs the router where Python finds it."""
    library = place / "llama_keeper"
    shutil.copytree(ROLES / "llama_cpp/files/llama_keeper", library, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROLES / "mlx_lm/files/mlx_front/memory.py", library)
    return place


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return what runs the router, with the hyphens before it, and the router."""
    place = arguments.index("--") + 1
    return arguments[:place], arguments[place:]


def descendants(number: int) -> set[int]:
    """Return the processes that a process has started."""
    with contextlib.suppress(FileNotFoundError):
        tasks = Path(f"/proc/{number}/task").iterdir()
        return {int(one) for task in tasks for one in (task / "children").read_text().split()}
    return set()


def entry(name: str, path: Path, revision: str = "r1", **more: Any) -> dict[str, Any]:
    """Return a model as the module llama_cpp_models does."""
    return {
        "name": name,
        "names": [name],
        "path": str(path),
        "revision": revision,
        "context": 512,
        "parallel": 1,
        **more,
    }


@dataclass
class Server:
    """A router with a directory of its own, started as the role starts it."""

    program: Path
    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def write(self, *models: dict[str, Any], cache: float = 0.0625, **options: Any) -> None:
        """Write the file of models as the role does."""
        made = _llama_cpp.preset(models, cache, options)
        self.tags = made["tags"]
        place = self.home / "etc/llama-cpp"
        place.mkdir(parents=True, exist_ok=True)
        (place / "models.ini").write_text(made["text"])

    def start(self, ports: dict[str, int] | None = None, **variables: Any) -> None:
        """Start it; `ports` are those of other services that it is to know."""
        services = {name: {"port": port} for name, port in (ports or {}).items()}
        (service,) = render(
            "llama_cpp",
            "__llama_cpp_service",
            cluster_directory=str(self.home),
            cluster_model_api_key=KEY,
            cluster_service_overrides={"llama_cpp": {"port": self.port}, **services},
            ansible_host="127.0.0.2",
            inventory_hostname="gpu1",
            group_names=["linux", "llama_cpp"],
            groups={"all": ["gpu1"], "llama_cpp": ["gpu1"]},
            hostvars={"gpu1": {"ansible_host": "127.0.0.2"}},
            __llama_cpp_chosen={"way": "archive", "cuda": None},
            __llama_cpp_keeper={"digest": "1"},
            ansible_python_interpreter=sys.executable,
            **variables,
        )
        Path(service["home"]).mkdir(exist_ok=True)
        library = install_keeper(self.home / "lib")
        environment = {
            "PATH": "/usr/bin:/bin",
            **service["environment"],
            **service["secret_environment"],
            "PYTHONPATH": str(library),
        }
        keeper, program = split(service["arguments"])
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*keeper, str(self.program), *program[1:]],
                env=environment,
                cwd=service["home"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_for(lambda: self.get("/health")[0] == 200)

    def wait_for(self, question: Any, seconds: float = START_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if question():
                    return
            except OSError:
                assert self.process, "it is not started"
                assert self.process.poll() is None, self.log[-2000:]
            assert time.monotonic() < deadline, self.log[-2000:]
            time.sleep(0.05)

    def load(self) -> None:
        """Wait until every model is loaded."""
        assert router.load(router.asker(self.url, KEY), self.tags, START_SECONDS) == []

    def stop(self) -> int | None:
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.terminate()
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def get(self, path: str, *, key: str | None = KEY, origin: str | None = None) -> tuple[int, str, dict[str, str]]:
        return self.ask("GET", path, key=key, origin=origin)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = KEY,
        port: int | None = None,
        origin: str | None = None,
    ) -> tuple[int, str, dict[str, str]]:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        named = {"Authorization": f"Bearer {key}" if key else None, "Origin": origin}
        headers = {name: value for name, value in named.items() if value}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.getheaders()}
        finally:
            connection.close()

    def children(self) -> dict[str, tuple[int, int]]:
        """Return process number and port of the process of each model that runs."""
        assert self.process
        found = {}
        routers = descendants(self.process.pid)
        for number in {number for one in routers for number in descendants(one)}:
            words = Path(f"/proc/{number}/cmdline").read_text().split("\0")
            if "--alias" in words or "-a" in words:
                name = words[words.index("--alias" if "--alias" in words else "-a") + 1]
                found[name] = (int(number), int(words[words.index("--port") + 1]))
        return found
