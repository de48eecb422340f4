# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whoever guesses passwords of a page through the web front waits before the page locks everybody out."""

from __future__ import annotations

import http.client
import http.server
import os
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from jinja2 import Environment, FileSystemLoader

from tests.contract.haproxy.conftest import LIBRARIES
from tests.contract.networks import own_network
from tests.unit.roles.render import REPOSITORY, render

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST, GUESSER, OWNER = "10.66.1.10", "10.66.1.66", "10.66.1.11"
RIGHT = "Basic cmlnaHQ="
LOCKED_AFTER = 5


class Page(http.server.BaseHTTPRequestHandler):
    """A page that locks the address which it sees after five wrong passwords, as AdGuard Home does."""

    wrong = 0

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        # Without a password, as the front looks whether it answers.
        status = 401 if self.path == "/control/status" and not self.headers.get("Authorization") else 200
        if self.headers.get("Authorization") != RIGHT and (self.command == "POST" or self.headers.get("Authorization")):
            type(self).wrong += 1
            status = 403 if self.command == "POST" else 401
        elif self.path == "/forbidden":
            status = 403
        if self.wrong >= LOCKED_AFTER:
            status = 429
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.send_header("X-Page", "yes")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


def configuration(home: Path) -> str:
    """Write the role's template out."""
    values: dict[str, Any] = {
        "ansible_host": HOST,
        "inventory_hostname": "olab0",
        "cluster_domain": "olab",
        "cluster_secrets_directory": str(home),
        "group_names": ["linux", "management"],
        "groups": {"all": ["olab0"], "management": ["olab0"]},
        "hostvars": {"olab0": {"ansible_host": HOST}},
        "__haproxy_socket": str(home / "socket"),
        "ansible_managed": "of a test",
    }
    names = ("__haproxy_pages", "__haproxy_asked", "__haproxy_own_logins", "__haproxy_guesses", "__haproxy_address")
    names += ("__haproxy_guesses_at_pages", "__haproxy_unknown", "__haproxy_backend_logins", "haproxy_connections")
    names += ("haproxy_hard_stop_seconds", "haproxy_answer_seconds", "__haproxy_logins")
    found = dict(zip(names, render("haproxy", *names, **values), strict=True))
    services, addresses = render("cluster_values", "__cluster_services", "__cluster_addresses", **values)
    for name, text in found["__haproxy_logins"].items():
        (home / name).write_text(text, encoding="utf-8")
    environment = Environment(loader=FileSystemLoader(REPOSITORY / "roles/haproxy/templates"), trim_blocks=True)
    environment.filters["comment"] = lambda text: f"# {text}"
    template = environment.get_template("haproxy.cfg.j2")
    more = {"__cluster_services": services, "__cluster_addresses": addresses}
    return template.render({**values, **found, **more}) + "\n"


@pytest.fixture
def _front(program: str, tmp_path: Path) -> Iterator[None]:
    """Run the role's front before the page, in a network of its own."""
    with own_network([HOST, GUESSER, OWNER]):
        path = tmp_path / "haproxy.cfg"
        path.write_text(configuration(tmp_path), encoding="utf-8")
        Page.wrong = 0
        server = http.server.ThreadingHTTPServer((HOST, 8053), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        front = subprocess.Popen([program, "-db", "-f", path], env={**os.environ, **LIBRARIES})
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection((HOST, 80), 1).close()
                break
            except OSError:
                assert front.poll() is None
                assert time.monotonic() < deadline, "it does not listen"
                time.sleep(0.1)
        yield
        front.kill()
        front.wait()
        server.shutdown()
        server.server_close()


def ask(source: str, method: str = "GET", path: str = "/", **headers: str) -> tuple[int, bool]:
    """Return the status, and whether the page itself has answered."""
    connection = http.client.HTTPConnection(HOST, 80, timeout=10, source_address=(source, 0))
    connection.request(
        method, path, body="{}" if method == "POST" else None, headers={"Host": "adguard.olab", **headers}
    )
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.getheader("X-Page") == "yes"


GUESSES = [
    pytest.param("POST", "/control/login", {"Content-Type": "application/json"}, id="form"),
    pytest.param("POST", "/control/%6cogin", {"Content-Type": "application/json"}, id="form, written otherwise"),
    pytest.param("POST", "/Login/", {"Content-Type": "application/json"}, id="form, with a slash"),
    pytest.param("POST", "/control/login", {"Authorization": "Bearer x"}, id="form, with a header beside it"),
    pytest.param("GET", "/control/status", {"Authorization": "Basic d3Jvbmc="}, id="header"),
]


@pytest.mark.usefixtures("_front")
@pytest.mark.parametrize(("method", "path", "headers"), GUESSES)
def test_who_guesses_waits_and_the_owner_is_let_in(method: str, path: str, headers: dict[str, str]) -> None:
    answers = [ask(GUESSER, method, path, **headers) for _ in range(20)]
    assert answers[:3] == [(403 if method == "POST" else 401, True)] * 3
    assert set(answers[3:]) == {(429, False)}
    assert Page.wrong == 3
    assert ask(OWNER, "GET", "/control/status", Authorization=RIGHT) == (200, True)
    # Who has guessed may look at what needs no password.
    assert ask(GUESSER) == (200, True)


@pytest.mark.usefixtures("_front")
def test_right_passwords_do_not_count_whatever_they_may_do() -> None:
    assert {ask(OWNER, Authorization=RIGHT) for _ in range(20)} == {(200, True)}
    assert {ask(OWNER, path="/forbidden", Authorization=RIGHT) for _ in range(20)} == {(403, True)}
