# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The hub over HTTP: information, listings, branches and files of repositories, with the hub's headers."""

from __future__ import annotations

import http.server
import json
import re
import socket
import threading
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from lab.standins.model_hub import repositories
from lab.standins.model_hub.faults import Fault, Faults

if TYPE_CHECKING:
    from lab.standins.model_hub.repositories import Entry, Repository

_API = re.compile(r"/api/models/([\w.-]+/[\w.-]+)(?:/(revision|tree|refs)(?:/([^/]+)(?:/(.+))?)?)?")
_FILE = re.compile(r"/(cdn/)?([\w.-]+/[\w.-]+)/resolve/([^/]+)/(.+)")
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_PIECE = 1 << 16
_TOKENS = {repositories.GRANTED, repositories.STRANGER}


class AnswerError(Exception):
    """A request that gets no file; with the hub's own code for it."""

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers


@dataclass
class Request:
    """What somebody asked, and what it got."""

    client: str
    method: str
    path: str
    range: str | None
    token: str | None
    status: int = 0
    sent: int = 0
    """Bytes of the body."""


@dataclass
class State:
    """What the requests of a hub share."""

    catalogue: dict[str, Repository] = field(default_factory=repositories.catalogue)
    faults: Faults = field(default_factory=Faults)
    requests: list[Request] = field(default_factory=list)
    cdn: str = ""
    """Where redirects lead."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "model-hub-stand-in"

    @property
    def _state(self) -> State:
        return cast("HubServer", self.server).state

    def do_GET(self) -> None:
        """Answer with a body."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer with the headers alone."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing."""

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        self._request = Request(self.client_address[0], self.command, path, self.headers.get("Range"), token)
        if path != "/-/requests":  # who looks is not counted
            self._state.requests.append(self._request)
        try:
            api, file = _API.fullmatch(path), _FILE.fullmatch(path)
            if api:
                self._send_json(self._api(api, urllib.parse.parse_qs(query)))
            elif file:
                self._send_file(file)
            elif path == "/-/requests":
                self._send_json([vars(request) for request in self._state.requests])
            else:
                raise AnswerError(404, "", "Not found")
        except AnswerError as answer:
            headers = {"X-Error-Message": answer.message, **answer.headers}
            if answer.code:
                headers["X-Error-Code"] = answer.code
            self._send_json({"error": answer.message}, answer.status, headers)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _api(self, found: re.Match[str], query: dict[str, list[str]]) -> Any:
        name, route, revision, below = found.groups()
        repository = self._repository(name)
        if route == "refs":
            branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": repository.head}
            return {"branches": [branch], "tags": [], "converts": []}
        commit = self._commit(repository, urllib.parse.unquote(revision or "main"))
        if route == "tree":
            recursive = query.get("recursive", [""])[0].lower() in ("true", "1")
            return listing(repository.commits[commit], urllib.parse.unquote(below or ""), recursive=recursive)
        return information(repository, commit, blobs="blobs" in query)

    def _repository(self, name: str) -> Repository:
        limited = self._state.faults.happens(name, "limited")
        if limited:
            raise AnswerError(429, "", "Too many requests", **{"Retry-After": str(limited.seconds)})
        if self._request.token is not None and self._request.token not in _TOKENS:
            raise AnswerError(401, "", "Invalid username or password.")
        if name not in self._state.catalogue:
            raise AnswerError(401, "RepoNotFound", "Repository not found")
        return self._state.catalogue[name]

    @staticmethod
    def _commit(repository: Repository, revision: str) -> str:
        commit = repository.resolve(revision)
        if commit is None:
            raise AnswerError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return commit

    def _send_file(self, found: re.Match[str]) -> None:
        cdn, name, revision, path = found.groups()
        repository = self._repository(name)
        commit = self._commit(repository, urllib.parse.unquote(revision))
        if repository.gated and not cdn and self._request.token != repositories.GRANTED:
            status = 403 if self._request.token else 401
            raise AnswerError(
                status, "GatedRepo", f"Access to model {name} is restricted.", **{"X-Repo-Commit": commit}
            )
        entry = repository.commits[commit].get(urllib.parse.unquote(path))
        if entry is None:
            raise AnswerError(404, "EntryNotFound", "Entry not found", **{"X-Repo-Commit": commit})
        headers = {"X-Repo-Commit": commit, "ETag": f'"{entry.etag}"', "Accept-Ranges": "bytes"}
        if entry.is_large:
            headers |= {"X-Linked-Etag": f'"{entry.etag}"', "X-Linked-Size": str(len(entry.content))}
        if entry.is_large and not cdn and self._state.faults.happens(name, "elsewhere"):
            headers["Location"] = f"{self._state.cdn}/cdn/{name}/resolve/{commit}/{path}"
            self._send(302, b"", headers)
            return
        self._send_entry(name, entry, headers)

    def _send_entry(self, name: str, entry: Entry, headers: dict[str, str]) -> None:
        content, fault = entry.content, Fault()
        if entry.is_large and self.command == "GET":
            faults = ("wrong-hash", "half", "pointer", "busy", "cut", "slow")
            fault = self._state.faults.happens(name, *faults) or fault
        if fault.mode == "busy":
            raise AnswerError(503, "", "Service unavailable", **{"X-Repo-Commit": headers["X-Repo-Commit"]})
        if fault.mode == "wrong-hash":
            content = content[:-1] + bytes([content[-1] ^ 1])
        elif fault.mode == "half":
            content = content[: len(content) // 2]
        elif fault.mode == "pointer":
            content = repositories.pointer(entry)
        wanted = _RANGE.fullmatch(self.headers.get("Range") or "")
        if not wanted:
            self._send(200, content, headers, fault)
            return
        first, last = int(wanted.group(1)), min(int(wanted.group(2) or len(content)), len(content) - 1)
        if first > last:
            raise AnswerError(416, "", "Range not satisfiable", **{"Content-Range": f"bytes */{len(content)}"})
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self._send(206, content[first : last + 1], headers, fault)

    def _send_json(self, content: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})

    def _send(self, status: int, body: bytes, headers: dict[str, str], fault: Fault | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Type": "application/octet-stream", **headers}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self._request.status = status
        if self.command == "GET":
            self._send_body(body, fault or Fault())

    def _send_body(self, body: bytes, fault: Fault) -> None:
        end = min(len(body), fault.bytes) if fault.mode == "cut" else len(body)
        for start in range(0, end, _PIECE):
            piece = body[start : min(start + _PIECE, end)]
            self.wfile.write(piece)
            self._request.sent += len(piece)
            if fault.mode == "slow":
                time.sleep(len(piece) / fault.rate)
        if end < len(body):
            self.close_connection = True


def information(repository: Repository, commit: str, *, blobs: bool) -> dict[str, Any]:
    """Return what the hub says about a repository."""
    files = repository.commits[commit].values()
    return {
        "id": repository.name,
        "sha": commit,
        "private": False,
        "gated": "manual" if repository.gated else False,
        "tags": [f"license:{repository.license}"] if repository.license else [],
        "cardData": {"license": repository.license} if repository.license else {},
        "siblings": [{"rfilename": entry.path, **(_blob(entry) if blobs else {})} for entry in files],
    }


def _blob(entry: Entry) -> dict[str, Any]:
    lfs = {"lfs": _lfs(entry, "sha256")} if entry.is_large else {}
    return {"size": len(entry.content), "blobId": entry.oid, **lfs}


def _lfs(entry: Entry, key: str) -> dict[str, Any]:
    size = len(entry.content)
    return {key: entry.sha256, "size": size, "pointerSize": len(repositories.pointer(entry))}


def listing(files: dict[str, Entry], below: str, *, recursive: bool) -> list[dict[str, Any]]:
    """Return the files and folders of a folder, those in its folders too if asked for."""
    prefix = f"{below}/" if below else ""
    found: dict[str, dict[str, Any]] = {}
    for path, entry in files.items():
        if not path.startswith(prefix):
            continue
        parts = path.removeprefix(prefix).split("/")
        for depth in range(1, len(parts) if recursive else min(len(parts), 2)):
            folder = prefix + "/".join(parts[:depth])
            found[folder] = {"type": "directory", "oid": entry.oid, "size": 0, "path": folder}
        if recursive or len(parts) == 1:
            size = len(entry.content)
            lfs = {"lfs": _lfs(entry, "oid")} if entry.is_large else {}
            found[path] = {"type": "file", "oid": entry.oid, "size": size, "path": path, **lfs}
    if below and not found:
        raise AnswerError(404, "EntryNotFound", f"{below} does not exist")
    return list(found.values())


class HubServer(http.server.ThreadingHTTPServer):
    """A hub at an address."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], state: State | None = None) -> None:
        self.state = state or State()
        super().__init__(address, Handler)

    # The base class asks DNS for its own name.
    def server_bind(self) -> None:
        """Bind to the address."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://{self.server_name}:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing about a client that went away."""


def start(address: str = "127.0.0.1", port: int = 0, state: State | None = None) -> HubServer:
    """Serve in threads of this process, and redirects from the port after it, or from any."""
    state = state or State()
    hub = HubServer((address, port), state)
    cdn = HubServer((address, port + 1 if port else 0), state)
    state.cdn = cdn.url
    for server in (hub, cdn):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    return hub
