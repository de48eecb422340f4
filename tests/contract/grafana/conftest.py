# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program under test: the stand-in, or the real Grafana when GRAFANA_PROGRAM names its bin/grafana."""

from __future__ import annotations

import base64
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab.standins.grafana import archive

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = os.environ.get("GRAFANA_PROGRAM")
START_SECONDS = 120.0 if REAL else 20.0
DASHBOARD = {"uid": "contract", "title": "Contract Test", "tags": ["contract"], "panels": [], "schemaVersion": 39}
INI = """\
[paths]
data = {home}/data
logs = {home}/log
plugins = {home}/plugins
provisioning = {home}/provisioning
[server]
http_addr = 127.0.0.1
http_port = {port}
[security]
admin_user = admin
admin_password = $__file{{{home}/password}}
[analytics]
reporting_enabled = false
check_for_updates = false
[plugins]
preinstall_disabled = true
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class _Prometheus(http.server.BaseHTTPRequestHandler):
    """Answers every query with the number 1."""

    def do_GET(self) -> None:
        data = {"resultType": "vector", "result": [{"metric": {"job": "contract"}, "value": [time.time(), "1"]}]}
        body = json.dumps({"status": "success", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.do_GET()

    def log_message(self, *_arguments: object) -> None:
        pass


@dataclass
class Grafana:
    """A server with a directory of its own."""

    home: Path
    port: int
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def places(self) -> list[str]:
        homepath = str(Path(self.command[-1]).parents[1]) if REAL else str(self.home)
        return ["--homepath", homepath, "--config", str(self.home / "grafana.ini")]

    def start(self) -> None:
        with (self.home / "output").open("ab") as output:
            self.process = subprocess.Popen([*self.command, "server", *self.places], stdout=output, stderr=output)

    def ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process and self.process.poll() is None:
            try:
                if self.get("/api/health")[0] == 200:
                    return True
            except OSError:
                time.sleep(0.1)
        return False

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)

    def get(self, path: str, password: str | None = None, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if password is not None:
            request.add_header("Authorization", f"Basic {base64.b64encode(f'admin:{password}'.encode()).decode()}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if "json" in answer.headers["Content-Type"] else text.decode()
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def cli(self, *arguments: str, stdin: str) -> subprocess.CompletedProcess[str]:
        argv = [*self.command, "cli", *self.places, *arguments]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def command(tmp_path_factory) -> list[str]:
    if REAL:
        return [REAL]
    program = tmp_path_factory.mktemp("program") / "grafana"
    program.write_bytes(archive.program("linux"))
    return [sys.executable, str(program)]


@pytest.fixture
def grafana(tmp_path, command) -> Iterator[Grafana]:
    """A Grafana that is provisioned and not started."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Prometheus)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = Grafana(tmp_path, free_port(), command)
    (tmp_path / "grafana.ini").write_text(INI.format(home=tmp_path, port=made.port))
    (tmp_path / "password").write_text("first password\n")
    for name in ("datasources", "dashboards"):
        (tmp_path / "provisioning" / name).mkdir(parents=True)
    source = {"name": "Prometheus", "uid": "prometheus", "type": "prometheus", "access": "proxy", "isDefault": True}
    source["url"] = f"http://127.0.0.1:{server.server_address[1]}"
    write(tmp_path / "provisioning/datasources/cluster.yml", {"apiVersion": 1, "datasources": [source]})
    provider = {"name": "cluster", "folder": "Cluster", "type": "file", "options": {"path": str(tmp_path / "boards")}}
    write(tmp_path / "provisioning/dashboards/cluster.yml", {"apiVersion": 1, "providers": [provider]})
    (tmp_path / "boards").mkdir()
    write(tmp_path / "boards/contract.json", DASHBOARD)
    yield made
    made.stop()
    server.shutdown()


def write(path: Path, document: Any) -> None:
    # JSON is YAML too.
    path.write_text(json.dumps(document))


@pytest.fixture
def running(grafana) -> Grafana:
    grafana.start()
    assert grafana.ready(), (grafana.home / "output").read_text()[-2000:]
    return grafana
