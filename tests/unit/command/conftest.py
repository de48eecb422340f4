# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Runs the command as a person would: in a pipe, or on a terminal of 80 columns; and a stand-in for Prometheus."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pexpect
import pytest

from hybrid_cluster.command import app, project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).resolve().parents[3]
COLUMNS = 80
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass
class Said:
    """What the command printed, and what it ended with."""

    code: int
    out: str
    err: str = ""

    @property
    def json(self) -> Any:
        """Its one line of JSON."""
        (line,) = self.out.splitlines()
        return json.loads(line)

    @property
    def lines(self) -> list[str]:
        """What a person sees, without what colours it."""
        return [line.rstrip() for line in _ESCAPES.sub("", self.out).replace("\r\n", "\n").splitlines()]


def environment(**changes: str | None) -> dict[str, str]:
    """Return the environment of a person who has configured nothing."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "CLUSTER_"))}
    own = {
        "PYTHONPATH": str(REPOSITORY / "src"),
        "PYTHONIOENCODING": None,
        "NO_COLOR": None,
        "FORCE_COLOR": None,
        "COLUMNS": None,
        "LINES": None,
        "TERM": "xterm-256color",
        "LC_ALL": "C.UTF-8",
    }
    return {key: value for key, value in {**kept, **own, **changes}.items() if value is not None}


@pytest.fixture(autouse=True)
def _nothing_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give each test a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


COMMAND = [sys.executable, "-m", "hybrid_cluster.command"]


@pytest.fixture
def cluster() -> Callable[..., Said]:
    """Run the command in a pipe."""

    def run(*arguments: str, cwd: Path = REPOSITORY, **changes: str | None) -> Said:
        done = subprocess.run(
            [*COMMAND, *arguments],
            cwd=cwd,
            env=environment(**changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=120,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def terminal() -> Callable[..., Said]:
    """Run the command on a terminal of 80 columns, whose two streams are one."""

    def run(*arguments: str, cwd: Path = REPOSITORY, rows: int = 24, **changes: str | None) -> Said:
        child = pexpect.spawn(
            COMMAND[0],
            [*COMMAND[1:], *arguments],
            cwd=str(cwd),
            env=environment(**changes),
            dimensions=(rows, COLUMNS),
            encoding="utf-8",
            timeout=120,
        )
        out = child.read()
        child.close()
        return Said(child.exitstatus if child.exitstatus is not None else -(child.signalstatus or 0), out)

    return run


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command in this process, in a pipe of 80 columns: what would start Ansible is replaced by the test."""
    # The collection is loaded already, by the tests' own way.
    monkeypatch.setattr(project, "prepare", project.find)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)

    def run(*arguments: str) -> Said:
        code = app.run(list(arguments))
        return Said(code, *capsys.readouterr())

    return run


@dataclass
class Metrics:
    """What the stand-in for Prometheus knows."""

    url: str
    samples: list[tuple[str, dict[str, str], float]] = field(default_factory=list)
    expressions: dict[str, list[tuple[dict[str, str], float]]] = field(default_factory=dict)
    """The answer to each expression whose text has these words."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """The expressions it was asked, with the headers."""
    status: int = 200
    body: bytes | None = None

    def add(self, name: str, value: float, **labels: str) -> None:
        """Have it know a figure."""
        self.samples.append((name, labels, value))

    def answer(self, expression: str) -> bytes:
        """Answer as Prometheus does: names in one selector, or an expression that the test knows."""
        if self.body is not None:
            return self.body
        selector = re.fullmatch(r'\{__name__=~"(.*)"\}', expression)
        found: list[dict[str, Any]] = []
        if selector:
            found = [
                {"metric": {"__name__": name, **labels}, "value": [time.time(), str(float(value))]}
                for name, labels, value in self.samples
                if re.fullmatch(selector[1], name)
            ]
        for words, rows in self.expressions.items():
            if not selector and words in expression:
                found = [{"metric": labels, "value": [time.time(), str(float(value))]} for labels, value in rows]
        return json.dumps({"status": "success", "data": {"resultType": "vector", "result": found}}).encode()


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    """Answer on loopback as the Prometheus of a management node."""
    known = Metrics("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            expression = parse_qs(urlsplit(self.path).query)["query"][0]
            known.asked.append((expression, dict(self.headers)))
            body = known.answer(expression)
            self.send_response(known.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        known.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield known
        server.shutdown()


@pytest.fixture
def inventory(tmp_path: Path) -> Callable[..., str]:
    """Write an inventory whose hosts nobody reaches, but for their ports on loopback."""

    def write(hosts: dict[str, Any], **variables: Any) -> str:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        (folder / "hosts.yml").write_text(json.dumps({"all": {"children": hosts, "vars": variables}}))
        return str(folder)

    return write


GIGABYTE = 2**30
MODELS = [
    {"name": "tiny", "source": {"url": "http://a/b", "checksum": "sha256:0"}, "format": "gguf", "backend": "llama_cpp"},
    {"name": "big", "source": {"path": "/b"}, "format": "safetensors", "backend": "exo", "memory_gigabytes": 12},
    {"name": "tuned", "source": {"path": "/c"}, "format": "safetensors", "backend": "mlx_lm", "hosts": ["mini2"]},
    {"name": "small", "source": {"path": "/d"}, "format": "gguf", "backend": "ollama", "aliases": ["default"]},
    {"name": "gone", "source": {"path": "/e"}, "format": "gguf", "backend": "ollama", "state": "absent"},
]
LINKS = [{"mini1": 1, "mini2": 1}, {"mini2": 2, "mini3": 1}, {"mini3": 2, "mini1": 2}]


@pytest.fixture
def site(inventory: Callable[..., str]) -> str:
    """Return an inventory with three cabled Macs, a GPU host, a manager and models; every address is closed."""
    port = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    macs = {f"mini{number}": {**port} for number in (1, 2, 3)}
    names = dict.fromkeys(macs)
    return inventory(
        {
            "macos": {"hosts": macs},
            "linux": {"hosts": {"desk": {**port}, "gpu1": {**port, "cluster_wake": True}}},
            "management": {"hosts": {"desk": None}},
            "gpu": {"hosts": {"gpu1": None}},
            "exo": {"hosts": names},
            "mlx_lm": {"hosts": {"mini2": None}},
            "llama_cpp": {"hosts": {"gpu1": None}},
            "ollama": {"hosts": {"gpu1": None}},
        },
        cluster_models=MODELS,
        thunderbolt_links=LINKS,
        thunderbolt_subnet="10.66.64.0/24",
    )


def measure(metrics: Metrics) -> None:
    """Have Prometheus know the site: all of it is up, but for gpu1, which says nothing."""
    for host in ("desk", "mini1", "mini2", "mini3"):
        metrics.add("up", 1, job="node_exporter", instance=host)
        metrics.add("node_boot_time_seconds", time.time() - 7200, instance=host)
        metrics.add("instance:memory_total:bytes", 16 * GIGABYTE, instance=host)
        metrics.add("instance:memory_used:bytes", 4 * GIGABYTE, instance=host)
        metrics.add("instance:cpu_busy:ratio", 0.25, instance=host)
    metrics.add("up", 0, job="node_exporter", instance="gpu1")
    metrics.add("up", 0, job="llama_cpp", instance="gpu1", model="tiny")
    metrics.add("up", 1, job="mlx_lm", instance="mini2")
    metrics.add("mlx_lm_up", 1, instance="mini2", model="tuned")
    metrics.add("mlx_lm_requests_running", 3, instance="mini2", model="tuned")
    metrics.add("exo_keeper_model_ready", 0, instance="mini1", model="big")
    metrics.add("exo_keeper_model_ready", 1, instance="mini2", model="big")
    metrics.add("ollama_up", 1, node="gpu1", instance="desk")
    for link in LINKS:
        for host, port in link.items():
            linked = (host, port) != ("mini3", 1)
            labels = {"instance": host, "receptacle": str(port), "device": f"en{port + 2}"}
            metrics.add("mac_thunderbolt_connected", linked, **labels)
            metrics.add("mac_thunderbolt_link_bits_per_second", (80e9 if host == "mini1" else 40e9) * linked, **labels)
    metrics.add(
        "ALERTS", 1, alertname="ThunderboltCableMissing", alertstate="firing", severity="critical", instance="mini3"
    )
    metrics.add("ALERTS", 1, alertname="HostRestarted", alertstate="pending", severity="warning", instance="mini1")
    hosts = ("desk", "mini1", "mini2", "mini3")
    metrics.expressions["node_cpu_seconds_total"] = [({"instance": host}, 10) for host in hosts]
    metrics.expressions["transmit_bytes_total"] = [({"instance": "mini1", "receptacle": "1", "device": "en3"}, 12e6)]
    metrics.expressions["receive_bytes_total"] = [({"instance": "mini1", "receptacle": "1", "device": "en3"}, 3e6)]
