# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about Prometheus and Grafana."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Answer
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import grafana, prometheus
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Arguments, Context

URL = "http://10.0.0.1:9090"


def target(host, health, job="node_exporter"):
    return {"labels": {"job": job, "instance": host}, "health": health}


def context(data, replay):
    body = json.dumps({"status": "success", "data": data}).encode()
    return Context(replay([]), lambda _url, _timeout: Answer(200, body), "Linux")


@pytest.mark.parametrize(
    ("targets", "ok", "measured"),
    [
        pytest.param([target("a", "up"), target("b", "up")], True, "2 of 2 up", id="all"),
        pytest.param(
            [target("a", "up"), target("b", "down")], False, "1 of 2 up, not node_exporter on b", id="one down"
        ),
        pytest.param([target("a", "unknown")], False, "0 of 1 up, not node_exporter on a", id="not asked yet"),
        pytest.param([target("a", "up"), target("a", "down", "exo_keeper")], True, "1 of 1 up", id="not asked for"),
        pytest.param([], False, "0 of 0 up", id="none"),
    ],
)
def test_targets(replay, targets, ok, measured):
    arguments = Arguments({"url": URL, "jobs": ["node_exporter"]})
    line = prometheus.measure_targets(arguments, context({"activeTargets": targets}, replay))
    assert (line.ok, line.measured) == (ok, measured)


@pytest.mark.parametrize(
    ("rules", "ok", "measured"),
    [
        pytest.param([("a", "alerting", "ok"), ("r", "recording", "ok")], True, "1 alerts and 1 recordings", id="good"),
        pytest.param([("a", "alerting", "err")], False, "1 alerts and 0 recordings, a failing", id="failing"),
        pytest.param([("r", "recording", "ok")], False, "0 alerts and 1 recordings", id="no alert"),
    ],
)
def test_rules(replay, rules, ok, measured):
    made = [{"name": name, "type": kind, "health": health} for name, kind, health in rules]
    line = prometheus.measure_rules(Arguments({"url": URL}), context({"groups": [{"rules": made}]}, replay))
    assert (line.ok, line.measured) == (ok, measured)


@pytest.mark.parametrize(
    ("answers", "ok", "measured"),
    [
        pytest.param([(200, [{}, {}]), (200, {})], True, "2 dashboards, the data source answers", id="good"),
        pytest.param([(200, [{}]), (200, {})], False, "1 dashboards, the data source answers", id="one is missing"),
        pytest.param(
            [(200, [{}, {}]), (400, {"message": "refused"})],
            False,
            "2 dashboards, the data source fails: refused",
            id="no Prometheus",
        ),
        pytest.param([(401, {}), (200, {})], False, "the administrator's password is refused", id="other password"),
    ],
)
@pytest.mark.usefixtures("host_files")
def test_grafana(monkeypatch, replay, answers, ok, measured):
    _files.make_directory("/etc")
    _files.write("/etc/password", b"secret\n")
    monkeypatch.setattr(grafana, "ask", lambda _url, path, _user, _password: answers["search" not in path])
    arguments = {"url": URL, "user": "admin", "password_file": "/etc/password", "dashboards": 2, "datasource": "p"}
    line = grafana.measure(Arguments(arguments), context({}, replay))
    assert (line.ok, line.measured) == (ok, measured)
    assert "secret" not in line.measured


def test_grafana_without_its_password(host_files, replay):
    arguments = {"url": URL, "user": "admin", "password_file": "/etc/none", "datasource": "p"}
    line = grafana.measure(Arguments(arguments), context({}, replay))
    assert (line.ok, line.measured) == (False, "no file /etc/none")
