# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program: keeps models placed, and answers at /status and /metrics."""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import signal
import socketserver
import sys
import threading
from pathlib import Path
from typing import Any

from . import report, settings
from .keeper import Keeper


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers several at once."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "exo-keeper", self.server_address[1]


def make_server(address: str, port: int, keeper: Keeper) -> Server:
    """Return the server of the two pages."""
    pages = {
        "/status": (lambda: json.dumps(report.status(keeper), indent=1) + "\n", "application/json"),
        "/metrics": (lambda: report.metrics(keeper).render(), "text/plain; version=0.0.4; charset=utf-8"),
        "/": (lambda: "exo keeper\n", "text/plain"),
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            found = pages.get(self.path.partition("?")[0])
            body = (found[0]() if found else "not found\n").encode()
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", found[1] if found else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Keep no log of questions."""

    return Server((address, port), Handler)


class StatusFile:
    """The status as a file, written anew where something changed."""

    def __init__(self, path: str) -> None:
        self._path = Path(path) if path else None
        self._before = ""

    def records(self) -> dict[str, Any]:
        """Return what an earlier keeper knew of the instances that it placed."""
        if self._path is None:
            return {}
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))["records"]
            return {str(key): dict(value) for key, value in found.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def write(self, now: dict[str, Any]) -> None:
        """Write it where it changed by more than time; a full disk ends nothing."""
        still = [{**model, "seconds": 0} for model in now["models"]]
        text = json.dumps({**now, "models": still}, indent=1)
        if self._path is None or text == self._before:
            return
        with contextlib.suppress(OSError):
            partial = self._path.with_suffix(".part")
            partial.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")
            partial.replace(self._path)
            self._before = text


def main(argv: list[str] | None = None) -> int:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(prog="exo-keeper")
    parser.add_argument("--listen", required=True, help="address:port")
    parser.add_argument("--configuration", required=True, type=Path)
    arguments = parser.parse_args(argv)
    address, _, port = arguments.listen.rpartition(":")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        keeper = Keeper(settings.read(arguments.configuration))
        file = StatusFile(keeper.settings.status_file)
        keeper.watch.records = file.records()
        server = make_server(address, int(port), keeper)
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"exo-keeper cannot start: {error}", file=sys.stderr)
        return 1
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keeper.run(stop, lambda: file.write(report.status(keeper)))
    server.shutdown()
    return 0


if __name__ == "__main__":
    sys.exit(main())
