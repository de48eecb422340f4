# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The HTTP API, as far as the role, the report and the tests use it."""

from __future__ import annotations

import http.server
import json
import socketserver
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from . import VERSION, accounts
from .provisioning import slug

if TYPE_CHECKING:
    from .configuration import Configuration
    from .provisioning import Provisioned

Reply = tuple[int, bytes, str]
_JSON = "application/json; charset=UTF-8"
# Inside the cluster no proxy is asked.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_METRICS = f"""# TYPE grafana_build_info gauge
grafana_build_info{{edition="oss",version="{VERSION}"}} 1
# TYPE grafana_stat_totals_dashboard gauge
grafana_stat_totals_dashboard """


def _reply(status: int, document: Any) -> Reply:
    return status, json.dumps(document).encode(), _JSON


class Api:
    """What each address answers."""

    def __init__(self, provisioned: Provisioned) -> None:
        self._sources = {source["uid"]: source for source in provisioned.datasources}
        self._dashboards = provisioned.dashboards

    def open_page(self, path: str) -> Reply | None:
        """Answer what anybody may ask."""
        if path == "/api/health":
            return _reply(200, {"database": "ok", "version": VERSION, "commit": "stand-in"})
        if path == "/metrics":
            return 200, f"{_METRICS}{len(self._dashboards)}\n".encode(), "text/plain; version=0.0.4"
        if path in {"/login", "/"}:
            return 200, b"<!doctype html><title>Grafana</title><h1>Grafana (stand-in)</h1>", "text/html"
        return None

    def get(self, path: str, query: str) -> Reply:
        """Answer a request of somebody who is logged in."""
        if path == "/api/user":
            return _reply(200, {"id": 1, "login": "admin", "isGrafanaAdmin": True, "orgId": 1})
        if path == "/api/datasources":
            return _reply(200, list(self._sources.values()))
        if path == "/api/search":
            return _reply(200, [self._found(uid, entry) for uid, entry in self._dashboards.items()])
        if path.startswith("/api/dashboards/uid/"):
            return self._dashboard(path.rpartition("/")[2])
        if path.startswith("/api/datasources/proxy/uid/"):
            uid, _, rest = path.removeprefix("/api/datasources/proxy/uid/").partition("/")
            return self._proxy(uid, f"/{rest}", query)
        if path.startswith("/api/datasources/uid/"):
            uid, _, rest = path.removeprefix("/api/datasources/uid/").partition("/")
            return self._source(uid, rest)
        return _reply(404, {"message": "Not found"})

    def post(self, path: str, body: Any) -> Reply:
        """Run queries."""
        if path != "/api/ds/query":
            return _reply(404, {"message": "Not found"})
        results = {query["refId"]: self._run(query) for query in body["queries"]}
        return _reply(200 if all(entry["status"] == 200 for entry in results.values()) else 400, {"results": results})

    @staticmethod
    def _found(uid: str, entry: dict[str, Any]) -> dict[str, Any]:
        title = entry["dashboard"].get("title", "")
        return {
            "uid": uid,
            "title": title,
            "type": "dash-db",
            "url": f"/d/{uid}/{slug(title)}",
            "tags": entry["dashboard"].get("tags", []),
            "folderTitle": entry["folder"],
        }

    def _dashboard(self, uid: str) -> Reply:
        if uid not in self._dashboards:
            return _reply(404, {"message": "Dashboard not found", "status": "not-found"})
        entry = self._dashboards[uid]
        name = slug(entry["dashboard"].get("title", ""))
        meta = {"slug": name, "url": f"/d/{uid}/{name}", "provisioned": True, "folderTitle": entry["folder"]}
        return _reply(200, {"meta": meta, "dashboard": entry["dashboard"]})

    def _source(self, uid: str, rest: str) -> Reply:
        if uid not in self._sources:
            return _reply(404, {"message": "Data source not found"})
        if rest != "health":
            return _reply(200, self._sources[uid])
        status, _, _ = self._proxy(uid, "/api/v1/query", urlencode({"query": "1+1"}))
        if status == 200:
            return _reply(200, {"status": "OK", "message": "Successfully queried the Prometheus API."})
        return _reply(
            400,
            {
                "status": "ERROR",
                "message": "Post: connection refused - There was an error returned querying the Prometheus API.",
            },
        )

    def _proxy(self, uid: str, path: str, query: str) -> Reply:
        if uid not in self._sources:
            return _reply(404, {"message": "Unable to find datasource"})
        url = f"{self._sources[uid]['url'].rstrip('/')}{path}" + (f"?{query}" if query else "")
        try:
            with _OPENER.open(url, timeout=30) as answer:
                return answer.status, answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers.get_content_type()
        except OSError as error:
            return _reply(502, {"message": f"Bad Gateway: {error}"})

    def _run(self, query: dict[str, Any]) -> dict[str, Any]:
        status, body, _ = self._proxy(
            query["datasource"]["uid"], "/api/v1/query", urlencode({"query": query.get("expr", "")})
        )
        document = json.loads(body)
        if status != 200:
            return {"status": status, "error": document.get("error", document.get("message", ""))}
        found = document["data"]["result"]
        if document["data"]["resultType"] == "scalar":
            found = [{"metric": {}, "value": found}]
        return {"status": 200, "frames": [_frame(query["refId"], series) for series in found]}


def _frame(reference: str, series: dict[str, Any]) -> dict[str, Any]:
    moment, value = series["value"]
    fields = [{"name": "Time", "type": "time"}, {"name": "Value", "type": "number", "labels": series["metric"]}]
    return {"schema": {"refId": reference, "fields": fields}, "data": {"values": [[moment * 1000], [float(value)]]}}


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Answers several at once."""

    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking DNS for the host's own name."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "grafana", self.server_address[1]


def serve(configuration: Configuration, api: Api) -> None:
    """Answer until the end."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._send(api.open_page(parts.path) or self._guarded(lambda: api.get(parts.path, parts.query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            parts = urlsplit(self.path)
            if parts.path.startswith("/api/datasources/proxy/"):
                form = urlencode(parse_qs(body.decode()), doseq=True)
                self._send(self._guarded(lambda: api.get(parts.path, form)))
            else:
                self._send(self._guarded(lambda: api.post(parts.path, json.loads(body or b"{}"))))

        def _guarded(self, make: Any) -> Reply:
            if not accounts.admits(configuration, self.headers.get("Authorization")):
                return _reply(401, {"message": "Unauthorized", "statusCode": 401})
            reply: Reply = make()
            return reply

        def _send(self, reply: Reply) -> None:
            status, body, kind = reply
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    Server((configuration.address, configuration.port), Handler).serve_forever()
