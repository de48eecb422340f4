# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The real HAProxy as the role runs it: HAPROXY_PROGRAM, this machine's own, or the one that the lab has fetched."""

from __future__ import annotations

import http.server
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._file_tree import FileTree, Stamp
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import runner
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.reloading import Reload

from lab import names
from lab.standins.homebrew import bottle, haproxy
from tests.unit.roles.render import render

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of the program, so that it finds the lab's libraries; nothing else reads it.
LIBRARIES: dict[str, str] = {}
CONFIGURATION = """\
global
    log stdout format raw local0
    stats socket {home}/socket mode 600 level user
    hard-stop-after {hard_stop}s
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend front
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string "{generation}" if {{ path /generation }}
    default_backend page
backend page
    server page 127.0.0.1:{page}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def find_program(place: Path) -> str:
    """Return the program, or skip."""
    if found := os.environ.get("HAPROXY_PROGRAM") or shutil.which("haproxy"):
        return found
    for programs in sorted(names.CACHE.glob("programs-*/"), key=lambda path: path.stat().st_mtime, reverse=True):
        program = programs / "usr/sbin/haproxy"
        if program.exists():
            for name, library in bottle.libraries(programs, haproxy.LIBRARIES).items():
                (place / Path(name).name).symlink_to(library)
            LIBRARIES["LD_LIBRARY_PATH"] = str(place)
            return str(program)
    pytest.skip("There is no HAProxy on this machine; `lab up` fetches it, or set HAPROXY_PROGRAM.")


def definition(on_macos: bool) -> dict[str, Any]:
    """Return the program as the role describes it."""
    made: dict[str, Any]
    (made,) = render(
        "haproxy",
        "__haproxy_definition",
        ansible_host="127.0.0.1",
        group_names=["macos" if on_macos else "linux"],
        groups={"all": ["desk"], "management": ["desk"]},
        hostvars={"desk": {"ansible_host": "127.0.0.1"}},
        inventory_hostname="desk",
        haproxy_password="password",
        __haproxy_files={},
        __haproxy_logins={},
        __haproxy_login_report=[],
    )
    return made


class Notices:
    """What systemd reads of a program; one that nobody reads would wait in the middle of a reload."""

    def __init__(self, path: Path) -> None:
        self.words: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while text := self._socket.recv(65536).decode():
            self.words += [line for line in text.splitlines() if not line.startswith(("STATUS=", "MAINPID="))]

    def end(self) -> None:
        """Let the reader end."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._reader.join(5)
        self._socket.close()


@dataclass
class HAProxy:
    """A front that is configured by file_tree and told by what runs services; one page lies behind it."""

    program: str
    home: Path
    page: int
    on_macos: bool
    hard_stop: int = 60
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        """Read how the role runs it."""
        self.wanted = definition(self.on_macos)
        self.etc = self.home / "etc"
        self.log = self.home / "log"
        self.notices = Notices(self.home / "notices")

    @property
    def tree(self) -> FileTree:
        return FileTree(str(self.etc), 0o640, os.getegid(), stamp=Stamp(**self.wanted["files_stamp"]))

    def words(self, words: list[str]) -> list[str]:
        """Return words of the role, about this program and its configuration."""
        (old_program, *_), old_etc = self.wanted["service"]["arguments"], self.wanted["files_path"]
        return [{old_program: self.program, old_etc: str(self.etc)}.get(word, word) for word in words]

    def write(self, generation: int, more: str = "") -> Reload:
        """Have the configuration of a generation, as file_tree writes it; return what proves that it is served."""
        text = CONFIGURATION.format(generation=generation, **vars(self)) + more
        files, tree = {"haproxy.cfg": text}, self.tree
        digest = tree.digest(files)
        try:
            candidate = tree.write_beside(tree.stamped(files, digest))
            os.environ.update(LIBRARIES)
            tree.check(Commands(), self.words(self.wanted["validate"]), candidate, {})
            tree.swap(keep_previous=True)
        finally:
            tree.discard()
            for name in LIBRARIES:
                os.environ.pop(name)
        return self.reload(digest)

    def reload(self, stamp: str) -> Reload:
        told = {**self.wanted["service"]["reload"], "socket": f"{self.home}/socket", "stamp": stamp}
        return Reload(**told, timeout=20)

    def start(self) -> None:
        """Run it as systemd does, or as what runs services on a Mac."""
        words = self.words(self.wanted["service"]["arguments"])
        if self.on_macos:
            own = ["--log", str(self.log), "--memory", f"{self.home}/group", "--limit", "1000000", "--keep", "1"]
            own += ["--forward", self.wanted["service"]["reload"]["signal"]]
            words = [sys.executable, "-IS", runner.__file__, *own, "--", *words]
        with self.log.open("ab") as log:
            environment = {**os.environ, **LIBRARIES, "NOTIFY_SOCKET": f"{self.home}/notices"}
            self.process = subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)

    def tell(self) -> None:
        """Send the signal to the process that the supervisor knows."""
        assert self.process
        self.process.send_signal(getattr(signal, f"SIG{self.wanted['service']['reload']['signal']}"))

    @property
    def master(self) -> int:
        """The process whose children are the workers."""
        assert self.process
        return int((self.home / "group").read_text().split()[0]) if self.on_macos else self.process.pid

    @property
    def workers(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()]

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)
        self.notices.end()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the program's path."""
    return find_program(tmp_path_factory.mktemp("libraries"))


@pytest.fixture(params=[False, True], ids=["systemd", "launchd"])
def front(request: pytest.FixtureRequest, program: str, tmp_path: Path, page: Page) -> Iterator[HAProxy]:
    """Return a front that is not started yet."""
    said = subprocess.run([program, "-vv"], env={**os.environ, **LIBRARIES}, capture_output=True, text=True, check=True)
    if not request.param and "+SYSTEMD" not in said.stdout:
        pytest.skip("This HAProxy is built without a word for systemd.")
    made = HAProxy(program, tmp_path, page.port, request.param)
    yield made
    made.stop()


class Page:
    """A page that sends numbered lines until it is told to end."""

    def __init__(self) -> None:
        self.end = threading.Event()
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                number = 0
                while not page.end.is_set():
                    self.wfile.write(f"{number}\n".encode())
                    number += 1
                    time.sleep(0.01)
                self.wfile.write(b"end\n")

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def page() -> Iterator[Page]:
    """Run a page."""
    made = Page()
    yield made
    made.end.set()
    made.server.shutdown()
