# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Where Prometheus is asked: on the manager itself, through its web front, or at an address that is named."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import load_defaults
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_table

from hybrid_cluster.command import prometheus
from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.inventory import Host
from hybrid_cluster.command.prometheus import SilentError

# Documentation's own network: no machine has it.
FAR = "192.0.2.10"


def manager(address: str = FAR, *, is_here: bool = False) -> Host:
    return Host("desk", address, False, ("management",), False, None, None, None, 22, is_here)


def a_cluster(host: Host | None, port: int = 80, **values: Any) -> Any:
    shared = {"cluster_web_front": True, "cluster_domain": "home.arpa", "haproxy_user": "admin", **values}
    table = service_table(load_defaults()["cluster_services"], {"haproxy": {"port": port}})
    return SimpleNamespace(
        groups={"management": ["desk"], "all": ["desk"]} if host else {"all": []},
        hosts={"desk": host},
        services=table,
        shared=shared.get,
        secret=shared.get,
    )


def test_the_web_front_is_asked_by_its_address_and_with_its_password(metrics, monkeypatch):
    port = int(metrics.url.rpartition(":")[2])
    monkeypatch.setattr(prometheus, "is_own", lambda _: False)
    metrics.add("up", 1, job="node_exporter", instance="desk")
    found = prometheus.find(a_cluster(manager("127.0.0.1"), port, haproxy_password="s3cret"), None)
    assert "s3cret" not in repr(found)
    assert [sample.labels for sample in found.samples(["up"])] == [{"job": "node_exporter", "instance": "desk"}]
    ((_, headers),) = metrics.asked
    assert headers["Host"] == "prometheus.home.arpa"
    assert base64.b64decode(headers["Authorization"].split()[1]) == b"admin:s3cret"


def test_the_password_that_was_made_lies_in_a_file(tmp_path):
    (tmp_path / "haproxy_password").write_text("made once\n")
    found = prometheus.find(a_cluster(manager(), cluster_secrets_directory=tmp_path), None)
    assert base64.b64decode(found.headers["Authorization"].split()[1]) == b"admin:made once"
    assert (found.host, found.port, found.shown) == (FAR, 80, "http://prometheus.home.arpa")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param({"cluster_web_front": False}, "is reached from there alone", id="no front"),
        pytest.param({"cluster_secrets_directory": "/nowhere"}, "no password of the web front", id="no password yet"),
    ],
)
def test_what_keeps_it_from_answering_is_a_sentence(values, sentence):
    with pytest.raises(SilentError, match=sentence):
        prometheus.find(a_cluster(manager(), **values), None)


def test_without_a_manager_nothing_collects():
    with pytest.raises(SilentError, match="no host is in the group management"):
        prometheus.find(a_cluster(None), None)


@pytest.mark.parametrize("host", [manager(is_here=True), manager("127.0.0.1")], ids=["without ssh", "own address"])
def test_the_manager_asks_itself(host):
    found = prometheus.find(a_cluster(host), None)
    assert (found.host, found.port, found.headers) == ("127.0.0.1", 9090, {})


def test_an_address_that_is_named():
    found = prometheus.find(a_cluster(None), "https://me:a%20b@metrics.home.arpa/prom/")
    assert (found.host, found.port, found.path, found.encrypted) == ("metrics.home.arpa", 443, "/prom", True)
    assert base64.b64decode(found.headers["Authorization"].split()[1]) == b"me:a b"
    assert found.shown == "https://metrics.home.arpa:443/prom/"
    with pytest.raises(ClusterError, match="has to be an address"):
        prometheus.find(a_cluster(None), "metrics:9090")


def test_a_connection_that_was_closed_meanwhile_is_opened_again(metrics):
    found = prometheus.find(a_cluster(None), metrics.url)
    assert found.samples(["up"]) == []
    assert found._connection
    found._connection.sock.close()
    assert found.samples(["up"]) == []
