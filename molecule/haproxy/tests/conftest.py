# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Pages behind the front, which this scenario does not have, and the login of those that ask for none."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

# What stands for a page: answers with the request it got, to a page of any site. Alertmanager's insists on a login.
ECHO = """
import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self):
        if self.path == "/slow":
            time.sleep(4)
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        silent = PORT == 9093 and not self.headers["Authorization"]
        self.send_response(401 if silent else 200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("access-control-allow-methods", "*")
        self.end_headers()
        if self.path == "/stream":
            number = 0
            while not os.path.exists("/run/stream-ends"):
                self.wfile.write(b"%d\\n" % number)
                number += 1
                time.sleep(0.2)
            self.wfile.write(b"end\\n")
            return
        self.wfile.write(f"{self.server.server_port} {self.path}\\n{self.headers}".encode())
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("ADDRESS", PORT), Handler).serve_forever()
"""
PLACES = {9190: "127.0.0.1", 9093: "127.0.0.1", 3300: "10.66.1.10"}


@pytest.fixture(scope="session")
def login() -> str:
    """Return the user and the password that the front asks for."""
    made = Path(f"/run/hybrid-lab/{os.environ.get('LAB_NAME', 'olab')}/.secrets/haproxy_password")
    return f"operator:{made.read_text(encoding='utf-8').strip()}"


@pytest.fixture(scope="module")
def pages(host):
    """Run something at the ports of the pages."""
    start = "systemd-run --quiet --collect --unit=page-%s /usr/bin/python3 -c %s"
    for port, address in PLACES.items():
        host.check_output(start, str(port), ECHO.replace("PORT", str(port)).replace("ADDRESS", address))
    up = re.compile(r'^haproxy_backend_status{proxy="\w+",state="UP"} 1$', re.MULTILINE)
    deadline = time.monotonic() + 30
    while len(up.findall(found := host.check_output("curl --silent http://127.0.0.1:8504/metrics"))) < len(PLACES):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    yield
    for port in PLACES:
        host.check_output("systemctl stop page-%s", str(port))
