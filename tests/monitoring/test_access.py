# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus and Alertmanager are for the management node; people come through the web front, other sites do not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.monitoring.conftest import RECEIVER_PORT

if TYPE_CHECKING:
    from tests.monitoring.lab import Lab

FRONT = "http://alertmanager.olab"
SILENCES = f"{FRONT}/api/v2/silences"


@pytest.fixture(scope="session")
def login() -> str:
    password = Path(f"/run/hybrid-lab/{os.environ['LAB_NAME']}/password").read_text(encoding="utf-8").strip()
    return f"admin:{password}"


def curl(cluster: Lab, host: str, *words: str) -> str:
    """Return the status and what else was said, or nothing where nobody answers."""
    quoted = " ".join(f"'{word}'" for word in words)
    return cluster.execute(host, f"curl --silent --include --max-time 5 --noproxy '*' {quoted} || true")


def silencing(cluster: Lab, login: str, origin: str) -> str:
    """Return the answer to a page of this origin that silences an alert."""
    silence = {
        "matchers": [{"name": "alertname", "value": "NobodyIsCalledSo", "isRegex": False, "isEqual": True}],
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2099-01-01T00:00:00Z",
        "createdBy": "test",
        "comment": origin,
    }
    words = ["-H", f"Origin: {origin}", "-H", "Content-Type: application/json", "-d", json.dumps(silence)]
    return curl(cluster, "olab1", "-u", login, *words, SILENCES)


@pytest.mark.parametrize("host", ["olab1", "gpu1"])
@pytest.mark.parametrize("place", ["9090/api/v1/targets", "9093/api/v2/status", "9093/api/v2/silences"])
def test_another_host_gets_no_answer(cluster, host, place):
    assert curl(cluster, host, f"http://{cluster.addresses[cluster.management]}:{place}") == ""


@pytest.mark.parametrize("page", ["alertmanager.olab/api/v2/alerts", "prometheus.olab/api/v1/targets"])
def test_the_front_wants_a_password(cluster, login, page):
    assert curl(cluster, "olab1", f"http://{page}").startswith("HTTP/1.1 401")
    assert curl(cluster, "olab1", "-u", login, f"http://{page}").startswith("HTTP/1.1 200")


@pytest.mark.parametrize("path", ["api/search", "api/datasources"])
def test_nobody_looks_at_grafana_without_a_password(cluster, path):
    assert curl(cluster, "olab1", f"http://grafana.olab/{path}").split(maxsplit=2)[1] == "401"  # of HTTP/1.0 or 1.1


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://grafana.olab"])
def test_no_other_site_silences_an_alert(cluster, login, origin):
    answer = silencing(cluster, login, origin)
    assert answer.startswith("HTTP/1.1 403")
    assert "access-control" not in answer.lower()
    silences = json.loads(curl(cluster, "olab1", "-u", login, SILENCES).splitlines()[-1])
    assert [silence for silence in silences if silence["comment"] == origin] == []


def test_its_own_page_silences_an_alert(cluster, login):
    answer = silencing(cluster, login, FRONT)
    assert answer.startswith("HTTP/1.1 200")
    silence = json.loads(answer.splitlines()[-1])["silenceID"]
    deleted = curl(cluster, "olab1", "-u", login, "-X", "DELETE", f"{FRONT}/api/v2/silence/{silence}")
    assert deleted.startswith("HTTP/1.1 200")


@pytest.mark.parametrize("path", ["api/v2/status", "api/v1/status", "api/v2/receivers", "metrics"])
def test_nobody_reads_the_addresses_of_webhooks(cluster, login, path):
    for words in (["-u", login, f"{FRONT}/{path}"], ["http://127.0.0.1:9093/" + path]):
        answer = curl(cluster, cluster.management, *words)
        assert answer.startswith("HTTP/1.1 ")
        assert f":{RECEIVER_PORT}" not in answer
