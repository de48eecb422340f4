# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Nobody without the password sees a page that asks for none, and no page of another site reads or changes any."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
# Sends every request in one go, each as it is written: status, headers and body of all answers.
SEND = """
import http.client, json, sys
answers = []
for request in json.load(sys.stdin):
    connection = http.client.HTTPConnection("10.66.1.10", 8080, timeout=10, source_address=(request["source"], 0))
    connection.putrequest(request["method"], request["path"], skip_host=True)
    for name, value in request["headers"]:
        connection.putheader(name, value)
    body = request["body"].encode()
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    answers.append([answer.status, answer.getheaders(), answer.read().decode()])
print(json.dumps(answers))
"""
SILENCES = "/api/v2/silences"


@dataclass(frozen=True)
class Case:
    """A request of somebody who knows the password, unless said otherwise, and the status it gets."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    also: tuple[tuple[str, str], ...] = ()
    """Headers that come twice."""
    method: str = "GET"
    path: str = "/"
    page: str = "alertmanager.olab:8080"
    login: str | None = "right"


def site(kind: str, mode: str = "", dest: str = "") -> dict[str, str]:
    """Return what a browser says about the page that asks."""
    words = {"Sec-Fetch-Site": kind, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    return {name: value for name, value in words.items() if value}


OWN = {"Origin": "http://alertmanager.olab:8080"}
FOREIGN = {"Origin": "http://evil.example"}
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
JSON = {"Content-Type": "application/json; charset=utf-8"}
POST: dict[str, Any] = {"method": "POST", "path": SILENCES}
CASES = {
    # The password.
    "nobody": Case(401, login=None),
    "nobody, Prometheus": Case(401, login=None, page="prometheus.olab"),
    "nobody, by the short name": Case(401, login=None, page="prometheus"),
    "nobody, with a dot at the end": Case(401, login=None, page="PROMETHEUS.olab."),
    "nobody, any path": Case(401, login=None, path="/api/v2/alerts"),
    "nobody, to change something": Case(401, JSON, login=None, **POST),
    "a wrong password": Case(401, login="wrong"),
    "no password that could be read": Case(401, {"Authorization": "Basic"}, login=None),
    "somebody": Case(200),
    "somebody, Prometheus": Case(200, page="prometheus.olab"),
    "a page with a login of its own": Case(200, login=None, page="grafana.olab"),
    # Pages of other sites.
    "read by another site": Case(403, FOREIGN),
    "changed by another site": Case(403, FOREIGN | JSON, **POST),
    "asked for leave by another site": Case(403, FOREIGN, method="OPTIONS", path=SILENCES, login=None),
    "deleted by another site": Case(403, FOREIGN, method="DELETE", path="/api/v2/silence/1"),
    "a site that hides its name": Case(403, {"Origin": "null"} | JSON, **POST),
    "a site without a name": Case(403, {"Origin": ""}),
    "a site with two names": Case(403, OWN, (("Origin", "http://evil.example"),)),
    "a site with two names, its own last": Case(403, FOREIGN, (("Origin", "http://alertmanager.olab:8080"),)),
    "another port of this name": Case(403, {"Origin": "http://alertmanager.olab:3000"}),
    "a name that begins alike": Case(403, {"Origin": "http://alertmanager.olab.evil.example:8080"}),
    "a name that ends alike": Case(403, {"Origin": "http://evil-alertmanager.olab:8080"}),
    "another scheme": Case(403, {"Origin": "https://alertmanager.olab:8080"}),
    "the port of all pages": Case(403, {"Origin": "http://alertmanager.olab"}),
    "another page of the cluster": Case(403, {"Origin": "http://grafana.olab:8080"} | JSON, **POST),
    "Grafana, read by another site": Case(403, FOREIGN, page="grafana.olab", login=None),
    "Grafana's WebSocket, opened by another site": Case(403, FOREIGN | WEBSOCKET, page="grafana.olab", login=None),
    "an old browser's form": Case(403, {"Content-Type": "text/plain"}, **POST),
    "an old browser's other form": Case(403, {"Content-Type": "application/x-www-form-urlencoded"}, **POST),
    "a form that says nothing": Case(403, **POST),
    "a picture on another site": Case(403, site("cross-site", "no-cors", "image")),
    "a page of the same domain": Case(403, site("same-site", "cors", "empty")),
    "a frame on another site": Case(403, site("cross-site", "navigate", "iframe")),
    "a form on another site": Case(403, site("cross-site", "navigate", "document") | JSON, **POST),
    "a name that leads here today": Case(404, page="evil.example"),
    # What people do.
    "its own page": Case(200, OWN),
    "its own page, written otherwise": Case(200, {"Origin": "HTTP://AlertManager.olab:8080"}),
    "its own page at the port of all pages": Case(
        200, {"Origin": "HTTP://AlertManager.olab:80"}, page="alertmanager.olab"
    ),
    "its own page changes something": Case(200, OWN | JSON | site("same-origin", "cors", "empty"), **POST),
    "a program without a browser": Case(200, JSON, **POST),
    "a link in a message": Case(200, site("cross-site", "navigate", "document")),
    "an address typed": Case(200, site("none", "navigate", "document")),
    "Grafana's own WebSocket": Case(
        200, {"Origin": "http://grafana.olab:8080"} | WEBSOCKET, page="grafana.olab:8080", login=None
    ),
    "a form for Grafana": Case(
        200, {"Content-Type": "application/x-www-form-urlencoded"}, method="POST", page="grafana.olab", login=None
    ),
    # What shows secrets.
    "the addresses of webhooks": Case(403, path="/api/v2/status"),
    "the same, older": Case(403, path="/api/v1/status?x"),
    "the same, written otherwise": Case(403, path="//api/./v2/x/..//%53t%61tus/"),
    "the memory of a program": Case(403, path="/debug/pprof/heap", page="prometheus.olab"),
    "the alerts": Case(200, path="/api/v2/alerts"),
}


def request(case: Case, login: str, source: str = "10.66.1.10") -> dict[str, Any]:
    known = {"right": login, "wrong": f"{login}x"}
    headers = [("Host", case.page), *case.headers.items(), *case.also]
    if case.login:
        headers.append(("Authorization", f"Basic {base64.b64encode(known[case.login].encode()).decode()}"))
    body = "{}" if case.method == "POST" else ""
    return {"method": case.method, "path": case.path, "headers": headers, "body": body, "source": source}


def send(host, requests: list[dict[str, Any]]) -> list[tuple[int, dict[str, str], str]]:
    """Return status, headers and body of each answer."""
    said = host.check_output("echo %s | /usr/bin/python3 -c %s", json.dumps(requests), SEND)
    return [
        (status, {name.lower(): value for name, value in headers}, body) for status, headers, body in json.loads(said)
    ]


@pytest.fixture(scope="module")
def answers(host, pages, login):
    return dict(zip(CASES, send(host, [request(case, login) for case in CASES.values()]), strict=True))


@pytest.mark.parametrize("name", CASES)
def test_who_gets_what(answers, name):
    status, _, body = answers[name]
    assert status == CASES[name].status, body


def test_no_answer_is_for_another_site(answers):
    found = {name: headers for name, (_, headers, _) in answers.items()}
    assert [name for name, headers in found.items() if any(key.startswith("access-control") for key in headers)] == []
    for name in ("somebody", "a page with a login of its own"):
        assert found[name]["x-frame-options"] == "SAMEORIGIN"
        assert found[name]["cross-origin-resource-policy"] == "same-origin"


def test_a_browser_asks_for_the_password(answers):
    assert answers["nobody"][1]["www-authenticate"] == 'Basic realm="olab"'


def test_a_page_never_gets_the_password(answers):
    """Only what Alertmanager asks of services is added."""
    assert "authorization" not in answers["somebody, Prometheus"][2].lower()
    (line,) = [line for line in answers["somebody"][2].splitlines() if line.lower().startswith("authorization")]
    assert base64.b64decode(line.split()[-1]).startswith(b"alertmanager:")


def test_whoever_guesses_has_to_wait(host, pages, login):
    # Another one each time: who has to wait still does when this is repeated at once.
    source = f"127.{secrets.randbelow(250) + 1}.{secrets.randbelow(250) + 1}.1"
    wrong, right = (request(Case(0, login=word), login, source) for word in ("wrong", "right"))
    (first, *_), *others = send(host, [wrong] * 30 + [right])
    assert first == 401
    assert {status for status, _, _ in others[-10:]} == {429}
    assert send(host, [{**right, "source": "10.66.1.10"}])[0][0] == 200


def test_the_password_is_not_on_the_host(host, login):
    directory = "/opt/hybrid-ai/etc/haproxy"
    assert (host.file(directory).group, host.file(directory).mode) == ("_haproxy", 0o750)
    for name in ("haproxy.cfg", "login-digest", "backend-logins"):
        file = host.file(f"{directory}/{name}")
        assert (file.user, file.group, file.mode) == ("root", "_haproxy", 0o640)
        assert login.partition(":")[2] not in file.content_string
        assert base64.b64encode(login.encode()).decode() not in file.content_string
