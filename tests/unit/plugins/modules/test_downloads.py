# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service is told of the way to the cache where that is there, and a line says whether it can download so."""

from __future__ import annotations

import plistlib
import socket
import ssl
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import interception
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import launchd

from tests.unit.plugins.harness import call

RELAY, BUNDLE = "/Library/LaunchDaemons/hybrid-ai.download-relay.plist", "/opt/hybrid-ai/download-relay/ca-bundle.pem"
TOLD = {"https_proxy": "http://127.0.0.1:3127", "SSL_CERT_FILE": BUNDLE}
PLIST = "/Library/LaunchDaemons/hybrid-ai.meter.plist"
LAUNCHCTL, JOB = "/bin/launchctl", "system/hybrid-ai.meter"
RUNNING = call(
    [LAUNCHCTL, "print", JOB],
    out=f"x = {{\n\tpath = {PLIST}\n\tstate = running\n\tpid = 42\n\tlast exit code = (never exited)\n}}\n",
)
GONE = call([LAUNCHCTL, "print", JOB], rc=113, err="Bad request.\n")
ENABLED = call([LAUNCHCTL, "print-disabled", "system"], out="\tdisabled services = {\n\t}\n")
START = [call([LAUNCHCTL, "bootstrap", "system", PLIST]), RUNNING, RUNNING, RUNNING]
RESTART = [call([LAUNCHCTL, "bootout", JOB]), GONE, *START]


def put(host: Any, path: str, content: bytes = b"") -> None:
    place = host / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


@pytest.fixture
def meter(host_files, run_module, monkeypatch):
    """Run a service that downloads, and return whether it was restarted and the environment that it got."""
    for directory in ("Library/LaunchDaemons", "opt/hybrid-ai", "var/log/hybrid-ai"):
        (host_files / directory).mkdir(parents=True)
    monkeypatch.setattr(launchd, "user_ids", lambda description: (450, 450))

    def run(calls, **options):
        optional = {"variables": TOLD, "services": ["download-relay"], "paths": [BUNDLE]}
        args = {"name": "meter", "arguments": ["/opt/meter"], "user": "_meter", "optional_environment": optional}
        result = run_module("service", {**args, **options}, calls)
        stored = plistlib.loads((host_files / PLIST.lstrip("/")).read_bytes())
        return result["restarted"], stored["EnvironmentVariables"]

    return run


@pytest.mark.parametrize(
    ("there", "environment"),
    [
        pytest.param([], {}, id="nothing-there"),
        pytest.param([RELAY], {}, id="no-certificates"),
        pytest.param([BUNDLE], {}, id="no-relay"),
        pytest.param([RELAY, BUNDLE], TOLD, id="both-there"),
    ],
)
def test_a_service_is_told_of_what_is_there(meter, host_files, there, environment):
    for path in there:
        put(host_files, path)
    assert meter([ENABLED, GONE, *START]) == (True, environment)


def test_a_service_that_was_there_before_the_relay_is_restarted_once(meter, host_files):
    meter([ENABLED, GONE, *START])
    put(host_files, RELAY)
    put(host_files, BUNDLE)
    assert meter([ENABLED, RUNNING, *RESTART]) == (True, TOLD)
    assert meter([ENABLED, RUNNING]) == (False, TOLD)


def test_what_the_caller_says_holds(meter, host_files):
    put(host_files, RELAY)
    put(host_files, BUNDLE)
    own = {"https_proxy": "http://proxy.example:8080"}
    assert meter([ENABLED, GONE, *START], environment=own) == (True, {**TOLD, **own})


@pytest.fixture
def line(run_module, host_files, monkeypatch):
    """Measure the downloads of a service with an environment; nobody answers except where the answer says so."""

    def measure(environment, answer, system="Darwin"):
        asked = []

        def issuer(*words):
            asked.append(words)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(interception, "issuer", issuer)
        if environment is not None and system == "Darwin":
            put(host_files, PLIST, plistlib.dumps({"Label": "x", "EnvironmentVariables": environment}))
        elif environment is not None:
            words = "".join(f'Environment="{key}={value}"\n' for key, value in environment.items())
            put(host_files, "/etc/systemd/system/hybrid-ai-meter.service", f"[Service]\n{words}".encode())
        check = {"capability": "meter", "check": "downloads", "name": "meter", "site": "models.example"}
        (found,) = run_module("node_report", {"checks": [check]}, system=system)["lines"]
        return found, asked

    return measure


@pytest.mark.parametrize(
    ("environment", "bundle", "answer", "ok", "measured"),
    [
        pytest.param(
            TOLD, 0o644, "our CA", True, "reached through port 3127 of 127.0.0.1, signed by our CA", id="relay"
        ),
        pytest.param({}, None, "a CA", True, "reached directly, signed by a CA", id="direct"),
        pytest.param(
            TOLD,
            0o644,
            ConnectionRefusedError("Connection refused"),
            False,
            "not reached through port 3127 of 127.0.0.1: Connection refused",
            id="the-relay-is-gone",
        ),
        pytest.param(TOLD, None, "our CA", False, f"told to trust {BUNDLE}, which it cannot read", id="no-bundle"),
        pytest.param(
            TOLD, 0o600, "our CA", False, f"told to trust {BUNDLE}, which it cannot read", id="for-root-alone"
        ),
        pytest.param(
            {}, None, socket.gaierror(8, "no name"), False, "not reached directly: [Errno 8] no name", id="offline"
        ),
        pytest.param({}, None, ssl.SSLError("bad"), False, "not reached directly: ('bad',)", id="not-trusted"),
        pytest.param(None, None, "a CA", False, "the service is not installed", id="not-installed"),
    ],
)
def test_the_line_measures_what_the_service_was_told(line, host_files, environment, bundle, answer, *, ok, measured):
    if bundle:
        put(host_files, BUNDLE)
        (host_files / BUNDLE.lstrip("/")).chmod(bundle)
        for folder in (host_files, *(host_files / BUNDLE.lstrip("/")).parents):
            if folder.is_relative_to(host_files):
                folder.chmod(0o755)
    found, asked = line(environment, answer)
    assert (found["ok"], found["measured"]) == (ok, measured)
    assert found["title"] == "downloads of the service meter from models.example"
    if ok:
        assert asked == [
            (("127.0.0.1", 3127), "models.example", BUNDLE)
            if environment
            else (None, "models.example", "/etc/ssl/cert.pem")
        ]


def test_a_site_is_asked_itself_where_there_is_no_proxy(monkeypatch):
    asked = []

    def connect(address, timeout):
        asked.append(address)
        raise TimeoutError

    monkeypatch.setattr(interception.socket, "create_connection", connect)
    for proxy in (None, ("127.0.0.1", 3127)):
        with pytest.raises(TimeoutError):
            interception.issuer(proxy, "models.example", "/etc/ssl/certs/ca-certificates.crt")
    assert asked == [("models.example", 443), ("127.0.0.1", 3127)]


def test_the_unit_of_a_service_is_read(line):
    _, asked = line({"https_proxy": "http://127.0.0.1:3127", "A": "100%% b"}, "a CA", "Linux")
    assert asked == [(("127.0.0.1", 3127), "models.example", "/etc/ssl/certs/ca-certificates.crt")]
