# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Logins download through a relay at another port: to the cache while it answers, straight to the site while not."""

from __future__ import annotations

import os
import time

import pytest
import testinfra

from lab import sites
from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("gpu1", "olab1")
RELAY = "http://127.0.0.1:3227/"
CACHE_PORT = 3228
# What stands for the cache: an answer to whoever asks, which says what was asked for.
CACHE = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = f"the cache was asked for {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("10.66.1.10", %d), Handler).serve_forever()
"""


def is_mac(host) -> bool:
    return host.backend.host.name == "olab1"


def login(host, script: str) -> str:
    """Run a script with what a login reads: zsh's file on a Mac, PAM's on Linux."""
    read = ". /etc/zshenv" if is_mac(host) else "set -a; . /etc/environment; set +a"
    return host.check_output("sh -ec %s", f"{read}; {script}")


def way(host) -> str:
    return host.check_output("curl -sS --noproxy '*' %s", RELAY)


def wait_until(host, word: str) -> None:
    deadline = time.monotonic() + 30
    while word not in (said := way(host)):
        assert time.monotonic() < deadline, said
        time.sleep(0.5)


@pytest.fixture
def _cache():
    """Run something at the port of the cache for a while."""
    management = testinfra.get_host(lab_hosts("olab0")[0])
    start = "systemd-run --quiet --collect --unit=cache-of-the-test /usr/bin/python3 -c %s"
    management.check_output(start, CACHE % CACHE_PORT)
    yield
    management.check_output("systemctl stop cache-of-the-test")


def test_a_download_goes_direct_while_there_is_no_cache(host):
    wait_until(host, "direct")
    site = sites.read(os.environ["LAB_NAME"])["python"]
    seen = login(host, f"curl -sSv -o /dev/null https://{site}/ 2>&1")
    assert "127.0.0.1 (127.0.0.1) port 3227" in seen
    assert "download cache" not in seen


@pytest.mark.usefixtures("_cache")
def test_a_download_goes_through_the_cache_while_it_answers(host):
    wait_until(host, "through the cache")
    assert login(host, "curl -sS http://nobody.example/file") == "the cache was asked for http://nobody.example/file"


@pytest.mark.usefixtures("_cache")
def test_nothing_of_the_cluster_is_asked_through_it(host):
    wait_until(host, "through the cache")
    assert login(host, f"curl -sS http://10.66.1.10:{CACHE_PORT}/x") == "the cache was asked for /x"


def test_the_relay_runs_as_its_own_user(host):
    number = host.check_output("id -u _downloads")
    lines = host.check_output("ps ax -o uid= -o command= | grep '[d]ownload_relay.py'").splitlines()
    assert {line.split()[0] for line in lines} == {number}
    if is_mac(host):
        assert number == "481"


def test_it_is_for_its_own_host_alone(host):
    address = "10.66.1.11" if is_mac(host) else "10.66.1.20"
    assert host.run("curl -sS --noproxy '*' --max-time 3 http://%s:3227/", address).rc == 7
    assert host.run("curl -sS --noproxy '*' --max-time 3 http://127.0.0.1:3127/").rc == 7


def test_the_systems_own_proxy_is_left_alone(host):
    if not is_mac(host):
        pytest.skip("a matter of macOS")
    for verb in ("-getwebproxy", "-getsecurewebproxy"):
        assert host.check_output("networksetup %s Ethernet", verb).startswith("Enabled: No")


def test_apt_is_told(host):
    if is_mac(host):
        pytest.skip("no apt")
    assert f"{RELAY.rstrip('/')}" in host.check_output("apt-config dump Acquire::http::Proxy")


def test_nobody_is_trusted_where_nothing_is_opened(host):
    if is_mac(host):
        pytest.skip("a Mac's programs are always told of a bundle")
    assert "hybrid-ai" not in host.check_output("ls /usr/local/share/ca-certificates")
