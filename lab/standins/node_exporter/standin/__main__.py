# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The program: flags as the real one reads them, and the page /metrics."""

from __future__ import annotations

import http.server
import socketserver
import sys
import time

from . import darwin, textfile

COLLECTORS = (
    *("boottime", "cpu", "diskstats", "filesystem", "loadavg", "meminfo", "netdev", "os", "powersupplyclass"),
    *("textfile", "thermal", "time", "uname"),
)
VALUES = {
    "web.listen-address": ":9100",
    "web.telemetry-path": "/metrics",
    "web.max-requests": "40",
    "collector.textfile.directory": "",
    "collector.filesystem.mount-points-exclude": "^/(dev)($|/)",
    "collector.filesystem.fs-types-exclude": "^devfs$",
    "collector.netdev.device-exclude": "",
    "log.level": "info",
    "log.format": "logfmt",
}


class FlagError(Exception):
    """A flag that the program does not have."""


def parse(arguments: list[str]) -> tuple[dict[str, str], set[str]]:
    """Return the value of every flag, and the collectors that run."""
    values, enabled = dict(VALUES), set(COLLECTORS)
    for argument in arguments:
        name, equals, value = argument.removeprefix("--").partition("=")
        if not argument.startswith("--"):
            raise FlagError(f"unexpected {argument}")
        if name in values and equals:
            values[name] = value
        elif name.startswith("no-collector.") and name.removeprefix("no-collector.") in COLLECTORS:
            enabled.discard(name.removeprefix("no-collector."))
        elif name.startswith("collector.") and name.removeprefix("collector.") in COLLECTORS:
            enabled.add(name.removeprefix("collector."))
        else:
            raise FlagError(f"unknown long flag '--{name}'")
    return values, enabled


def page(values: dict[str, str], enabled: set[str]) -> str:
    """Collect everything once."""
    lines: list[str] = []
    results: list[tuple[str, float, bool]] = []
    for name in sorted(enabled):
        begin = time.monotonic()
        try:
            made = (
                textfile.read(values["collector.textfile.directory"])
                if name == "textfile"
                else darwin.collect(name, values)
            )
        except OSError as error:
            print(f'level=ERROR msg="collector failed" name={name} err={error}', file=sys.stderr, flush=True)
            results.append((name, time.monotonic() - begin, False))
            continue
        lines += made
        results.append((name, time.monotonic() - begin, True))
    lines += ["# TYPE node_scrape_collector_duration_seconds gauge"]
    lines += [f'node_scrape_collector_duration_seconds{{collector="{name}"}} {took:.6f}' for name, took, _ in results]
    lines += ["# TYPE node_scrape_collector_success gauge"]
    lines += [f'node_scrape_collector_success{{collector="{name}"}} {int(ok)}' for name, _, ok in results]
    return "\n".join(lines) + "\n"


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers several at once."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "node_exporter", self.server_address[1]


def serve(values: dict[str, str], enabled: set[str]) -> None:
    """Answer until the end."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {values["web.telemetry-path"]: lambda: page(values, enabled), "/": lambda: "Node Exporter\n"}
            make = known.get(self.path.partition("?")[0])
            body = (make() if make else "404 page not found\n").encode()
            self.send_response(200 if make else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    address, _, port = values["web.listen-address"].rpartition(":")
    Server((address, int(port)), Handler).serve_forever()


def main() -> int:
    """Run."""
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        print("node_exporter, version 1.11.1 (stand-in)")
        return 0
    try:
        values, enabled = parse(arguments)
        serve(values, enabled)
    except (FlagError, OSError) as error:
        print(f"node_exporter: error: {error}, try --help", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
