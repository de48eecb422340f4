# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program: a page /metrics, for which every source is asked at the same moment."""

from __future__ import annotations

import argparse
import http.server
import json
import socketserver
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from . import adguard_home, exo, ollama, squid
from .exposition import Metrics
from .fetch import SourceError

SOURCES = {
    "exo": exo.Source,
    "squid": squid.Source,
    "adguard_home": adguard_home.Source,
    "ollama": ollama.Source,
}


class Source(Protocol):
    """Something that can be measured."""

    def measure(self, metrics: Metrics) -> None:
        """Add what is known now."""


class Collector:
    """Asks all sources."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._sources: dict[str, Source] = {name: SOURCES[name](values) for name, values in configuration.items()}
        self._problems: dict[str, str] = {}
        # Two who look at the same time do not ask every source twice at once.
        self._lock = threading.Lock()

    def page(self) -> str:
        """Return everything; a source that fails is a metric and not an error."""
        page = Metrics()
        with self._lock, ThreadPoolExecutor(max(1, len(self._sources))) as pool:
            for result in pool.map(self._one, self._sources):
                page.update(result)
        return page.render()

    def _one(self, name: str) -> Metrics:
        result, begin, problem = Metrics(), time.monotonic(), ""
        try:
            self._sources[name].measure(result)
        except SourceError as error:
            problem = str(error)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = f"an answer that is not understood: {error!r}"
        if problem and problem != self._problems.get(name):
            # Once, not at every scrape.
            print(f"{name}: {problem}", file=sys.stderr, flush=True)
        self._problems[name] = problem
        result.add("cluster_exporter_success", "Whether the source could be asked.", not problem, source=name)
        took = time.monotonic() - begin
        result.add("cluster_exporter_duration_seconds", "How long the source took.", took, source=name)
        return result


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers several at once."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "cluster-exporter", self.server_address[1]


def serve(address: str, port: int, collector: Collector) -> None:
    """Answer until the end."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages = {"/metrics": collector.page, "/": lambda: "cluster exporter\n"}
            make = pages.get(self.path.partition("?")[0])
            body = (make() if make else "not found\n").encode()
            self.send_response(200 if make else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Keep no log of scrapes."""

    Server((address, port), Handler).serve_forever()


def main() -> int:
    """Run until the end."""
    parser = argparse.ArgumentParser(prog="cluster-exporter")
    parser.add_argument("--listen", required=True, help="address:port")
    parser.add_argument("--configuration", required=True, type=Path)
    arguments = parser.parse_args()
    address, _, port = arguments.listen.rpartition(":")
    try:
        configuration = json.loads(arguments.configuration.read_text(encoding="utf-8"))
        serve(address, int(port), Collector(configuration))
    except (OSError, ValueError, KeyError) as error:
        print(f"cluster-exporter cannot start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
