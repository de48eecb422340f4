# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Complete folders for hosts on which libtorrent does not run: file by file, over HTTP, to addresses of the job alone.

What is open, to whom and for how long is the same as for everybody else; what comes is compared with the manifest.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests

if TYPE_CHECKING:
    from pathlib import Path

    from .job import Job

CHUNK = 256 << 10
SILENT_SECONDS = 60.0
_RANGE = re.compile(r"bytes=(\d{1,18})-")


class Copies:
    """The server, while something is complete here."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._asked = time.monotonic()
        self._lock = threading.Lock()
        copies = self

        class Handler(_Handler):
            """One request."""

            source = copies

        # The first address is the one on the LAN, where every host is.
        self._server = ThreadingHTTPServer((job.listen[0], int(job.copies_port or 0)), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="copies", daemon=True).start()

    def find(self, client: str, name: str) -> tuple[Path, int] | None:
        """Return the file that somebody asks for, and its size; nothing where it is not for them, or not there."""
        if client not in self._job.allowed:
            return None
        for folder in self._job.folders:
            top = f"{folder.name}@{folder.manifest.revision}/"
            if name.startswith(top) and manifests.read(self._job.models, folder.name) == folder.manifest:
                for file in folder.manifest.files:
                    if name == top + file.path:
                        return self._job.models / folder.name / file.path, file.size
        return None

    def used(self, count: int) -> None:
        """Note that somebody was given so many bytes, and wait as long as the limit wants."""
        with self._lock:
            self._asked = time.monotonic()
            if self._job.bytes_per_second:
                time.sleep(count / self._job.bytes_per_second)

    def silent_seconds(self) -> float:
        """Return for how long nobody has asked for anything."""
        return time.monotonic() - self._asked

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENT_SECONDS
    source: Copies

    def do_GET(self) -> None:
        found = self.source.find(self.client_address[0], unquote(self.path).lstrip("/"))
        if found is None:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        path, size = found
        asked = _RANGE.fullmatch(self.headers.get("Range", ""))
        begin = min(int(asked.group(1)), size) if asked else 0
        try:
            file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError:
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        with file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size != size:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self.send_response(HTTPStatus.PARTIAL_CONTENT if asked else HTTPStatus.OK)
            self.send_header("Content-Length", str(size - begin))
            if asked:
                self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
            self.end_headers()
            with contextlib.suppress(OSError):
                self._send(file, begin, size - begin)

    def _send(self, file: BinaryIO, begin: int, count: int) -> None:
        file.seek(begin)
        while count > 0:
            chunk = file.read(min(CHUNK, count))
            if not chunk:
                break
            self.wfile.write(chunk)
            count -= len(chunk)
            self.source.used(len(chunk))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the library calls
        """Keep the log for what a person looks for."""
