# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long `cluster status` takes whose inventory is known already, before a Prometheus and a gateway on this machine.

What it takes to hear of a host that is gone is not in it: that is a second, where nobody measures it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.benchmarks.measurements import ROOT, Measurement
from tests.unit.command import conftest, many_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.site.cluster import Cluster

GOAL = 0.3
ROUNDS = 20
_SETTLED_SECONDS = 3
"""What was written just before it is read is not kept."""


def measure(cluster: Cluster) -> Iterator[Measurement]:
    """Measure: the fastest of some rounds, because other programs only ever slow one down."""
    metrics = conftest.Metrics("")
    conftest.measure(metrics)
    hosts = ("desk", "mini1", "mini2", "mini3")
    with tempfile.TemporaryDirectory() as name, ThreadingHTTPServer(("127.0.0.1", 0), _handler(metrics)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        place = Path(name)
        names = {"hosts": {host: {"ansible_host": "127.0.0.1", "ansible_port": 1} for host in hosts}}
        inventory = {"all": {"children": {"linux": names, "management": {"hosts": {"desk": None}}}}}
        (place / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
        with many_hosts.site(place, {"tiny": ["mini1"]}) as gate:
            urls = ["--prometheus", f"http://127.0.0.1:{server.server_address[1]}", "--gateway", gate.url]
            argv = [*conftest.COMMAND, "status", "-i", str(place / "hosts.yml"), *urls]
            time.sleep(_SETTLED_SECONDS)
            _run(argv, place)
            rounds = [_run(argv, place) for _ in range(ROUNDS)]
        server.shutdown()
    yield Measurement("status_seconds", min(one for one, _ in rounds), "s", "cluster status, warm", goal=GOAL)
    yield Measurement("status_processor", min(cpu for _, cpu in rounds), "CPU s", "  of it processor time")


def _handler(metrics: conftest.Metrics) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = metrics.answer(parse_qs(urlsplit(self.path).query)["query"][0])
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def _run(argv: list[str], place: Path) -> tuple[float, float]:
    environment = conftest.environment(XDG_CACHE_HOME=str(place / "cache"))
    before, start = _cpu_seconds(), time.monotonic()
    answer = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if answer.returncode != 0:
        sys.exit(f"cluster status failed:\n{answer.stdout[-2000:]}{answer.stderr[-1000:]}")
    return seconds, _cpu_seconds() - before


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
