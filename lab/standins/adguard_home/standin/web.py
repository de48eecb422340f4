# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The API under /control/, as far as the collection and its tests use it."""

from __future__ import annotations

import http.server
import json
import socket
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from . import VERSION
from .server import BindError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .auth import Doorkeeper
    from .journal import Journal

_LOGIN = b"<!doctype html><title>Login</title><h1>AdGuard Home (stand-in)</h1>"


class Pages:
    """What each address answers."""

    def __init__(self, configuration: dict[str, Any], journal: Journal, keep: Callable[[], None]) -> None:
        self._configuration, self._journal, self._keep = configuration, journal, keep
        self._lock = threading.Lock()

    def get(self, path: str, query: dict[str, list[str]]) -> Any:
        """Return the document of an address, or None."""
        known = {
            "status": self._status,
            "dns_info": self._dns_info,
            "stats": self._journal.statistics,
            "rewrite/list": lambda: self._rewrites,
            "filtering/status": self._filtering,
            "clients": lambda: {"clients": None, "auto_clients": None, "supported_tags": []},
            "querylog": lambda: {"data": self._journal.entries(int(query.get("limit", ["500"])[0])), "oldest": ""},
            "tls/status": lambda: self._configuration["tls"],
        }
        return known[path]() if path in known else None

    def post(self, path: str, body: Any) -> bool:
        """Do what an address is for; tell whether there is such an address."""
        if path not in {"rewrite/add", "rewrite/delete"}:
            return False
        same = {"domain": body["domain"], "answer": body["answer"]}
        with self._lock:
            rest = [entry for entry in self._rewrites if {**same, "enabled": entry["enabled"]} != entry]
            added = [{**same, "enabled": True}] if path == "rewrite/add" else []
            self._rewrites[:] = [*(self._rewrites if added else rest), *added]
            self._keep()
        return True

    @property
    def _rewrites(self) -> list[dict[str, Any]]:
        rewrites: list[dict[str, Any]] = self._configuration["filtering"]["rewrites"]
        return rewrites

    def _status(self) -> dict[str, Any]:
        return {
            "dns_addresses": self._configuration["dns"]["bind_hosts"],
            "dns_port": self._configuration["dns"]["port"],
            "http_port": int(self._configuration["http"]["address"].rpartition(":")[2]),
            "protection_enabled": self._configuration["filtering"]["protection_enabled"],
            "protection_disabled_duration": 0,
            "dhcp_available": True,
            "running": True,
            "version": VERSION,
            "language": self._configuration["language"],
        }

    def _dns_info(self) -> dict[str, Any]:
        names = ("upstream_dns", "bootstrap_dns", "fallback_dns", "ratelimit", "upstream_mode", "cache_size")
        return {name: self._configuration["dns"][name] for name in names}

    def _filtering(self) -> dict[str, Any]:
        return {
            "enabled": self._configuration["filtering"]["filtering_enabled"],
            "interval": self._configuration["filtering"]["filters_update_interval"],
            # A list without entries is null.
            "filters": [{**entry, "rules_count": 0, "last_updated": ""} for entry in self._configuration["filters"]]
            or None,
            "whitelist_filters": self._configuration["whitelist_filters"] or None,
            "user_rules": self._configuration["user_rules"],
        }


def serve(address: str, pages: Pages, doorkeeper: Doorkeeper) -> http.server.ThreadingHTTPServer:
    """Return a server that is bound already."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            target = urlsplit(self.path)
            if target.path == "/" and not self._is_admitted():
                self._send(302, b"", "text/html", {"Location": "/login.html"})
            elif target.path in {"/", "/login.html"}:
                self._send(200, _LOGIN, "text/html")
            elif self._admitted():
                self._send_document(pages.get(target.path.removeprefix("/control/"), parse_qs(target.query)))

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            if not self._admitted():
                return
            try:
                found = pages.post(self.path.removeprefix("/control/"), json.loads(text))
            except (ValueError, KeyError, TypeError) as error:
                self._send(400, f"json.Decode: {error}\n".encode(), "text/plain")
            else:
                self._send(200 if found else 404, b"" if found else b"404 page not found\n", "text/plain")

        def _admitted(self) -> bool:
            admitted = self._is_admitted()
            if not admitted:
                self._send(401, b"", "text/plain")
            return admitted

        def _is_admitted(self) -> bool:
            return doorkeeper.admits(self.headers.get("Authorization"), self.client_address[0])

        def _send_document(self, document: Any) -> None:
            if document is None:
                self._send(404, b"404 page not found\n", "text/plain")
            else:
                self._send(200, json.dumps(document).encode(), "application/json")

        def _send(self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Say nothing."""

    host, _, port = address.rpartition(":")

    class Bound(http.server.ThreadingHTTPServer):
        # The base class asks DNS for its own name, which may be this very program.
        def server_bind(self) -> None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.socket.bind(self.server_address)
            self.server_name, self.server_port = host, int(port)

    try:
        return Bound((host, int(port)), Handler)
    except OSError as error:
        raise BindError(f"listen tcp {address}: bind: {(error.strerror or '').lower()}") from error
