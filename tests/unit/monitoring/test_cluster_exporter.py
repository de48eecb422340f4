# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the exporter makes of the answers of exo, Squid and AdGuard Home."""

from __future__ import annotations

import time

import pytest

TOPOLOGY = {
    "nodes": ["A", "B"],
    "connections": {
        "A": {
            "B": [
                {"sinkMultiaddr": {"ip_address": "10.66.64.2"}},
                {"sinkMultiaddr": {"ip_address": "10.66.1.12"}},
                {"sourceRdmaIface": "rdma_en3", "sinkRdmaIface": "rdma_en4"},
            ]
        },
        "B": {"A": [{"sinkMultiaddr": {"ip_address": "10.66.64.1"}}]},
    },
}
CARD = {"PipelineShardMetadata": {"modelCard": {"modelId": "org/name"}}}
PROGRESS = {"total": {"inBytes": 200}, "downloaded": {"inBytes": 50}, "speed": 1.5}
STATE = {
    "topology": TOPOLOGY,
    "instances": {"i": {"MlxRingInstance": {"shardAssignments": {"modelId": "org/name", "nodeToRunner": {"A": "r"}}}}},
    "runners": {"r": {"RunnerLoading": {"layersLoaded": 1}}, "old": {"RunnerFailed": {}}},
    "nodeMemory": {"A": {"ramTotal": {"inBytes": 16}, "ramAvailable": {"inBytes": 9}}, "gone": {}},
    "downloads": {
        "A": [
            {"DownloadPending": {"shardMetadata": CARD}},
            {"DownloadOngoing": {"shardMetadata": CARD, "downloadProgress": PROGRESS}},
        ]
    },
}
CONFIGURATION = {"hosts": {"mini1": "a", "mini2": "b", "mini3": "c"}, "port": 1, "thunderbolt_subnet": "10.66.64.0/24"}


@pytest.fixture
def exo(module, monkeypatch):
    """Return the source, with two hosts that answer and one that does not."""
    fetch = module("cluster_exporter.fetch")

    def document(url, *_password):
        host, _, path = url.removeprefix("http://").partition(":1/")
        if host == "c":
            raise fetch.SourceError("no answer")
        return {"a": "A", "b": "B"}[host] if path == "node_id" else STATE[path.removeprefix("state/")]

    monkeypatch.setattr(fetch, "document", document)
    return module("cluster_exporter.exo").Source(CONFIGURATION)


@pytest.mark.parametrize(
    "sample",
    [
        'exo_node_reachable{node="mini1"} 1.0',
        'exo_node_reachable{node="mini3"} 0.0',
        "exo_nodes 2.0",
        "exo_links 2.0",
        'exo_link_connections{network="thunderbolt",sink="mini2",source="mini1"} 1.0',
        'exo_link_connections{network="lan",sink="mini2",source="mini1"} 1.0',
        'exo_link_connections{network="rdma",sink="mini2",source="mini1"} 1.0',
        "exo_instances 1.0",
        'exo_instance_nodes{instance_id="i",kind="MlxRingInstance",model="org/name"} 1.0',
        'exo_runners{state="RunnerLoading"} 1.0',
        'exo_runners{state="RunnerFailed"} 0.0',
        'exo_instance_ready{instance_id="i",model="org/name"} 0.0',
        'exo_runner_ready{instance_id="i",model="org/name",node="mini1",state="RunnerLoading"} 0.0',
        "exo_strangers 0.0",
        'exo_runners{state="RunnerReady"} 0.0',
        'exo_node_memory_bytes{kind="available",node="mini1"} 9.0',
        'exo_downloads{node="mini1",state="DownloadOngoing"} 1.0',
        'exo_downloads{node="mini1",state="DownloadFailed"} 0.0',
        'exo_download_progress_ratio{model="org/name",node="mini1"} 0.25',
        'exo_download_bytes_per_second{model="org/name",node="mini1"} 1.5',
    ],
)
def test_exo(exo, rendered, sample):
    assert sample in rendered("cluster_exporter", exo.measure)


COUNTERS = """sample_time = 1.0 (Sat, 21 Nov 2026 12:00:00 GMT)
client_http.requests = 12
client_http.hits = 4
client_http.kbytes_out = 100
server.all.kbytes_in = 60
unknown.counter = 1
"""
INFORMATION = "\n\t".join(
    [
        "Cache information for squid:",
        "Storage Swap size:\t1024 KB",
        "Storage Swap capacity:\t12.5% used, 87.5% free",
        "Storage Mem size:\t216 KB",
        "    55 StoreEntries",
        "    53 StoreEntries with MemObjects",
    ]
)


def test_squid(module, rendered):
    squid = module("cluster_exporter.squid")
    assert rendered("cluster_exporter", squid.read_counters, COUNTERS) == [
        "squid_client_requests_total 12.0",
        "squid_client_hits_total 4.0",
        "squid_client_sent_bytes_total 102400.0",
        "squid_server_received_bytes_total 61440.0",
    ]
    assert rendered("cluster_exporter", squid.read_information, INFORMATION) == [
        "squid_disk_used_bytes 1048576.0",
        "squid_memory_used_bytes 221184.0",
        "squid_disk_used_ratio 0.125",
        "squid_objects 55.0",
    ]


def test_adguard_home(module, rendered, monkeypatch):
    answers = {
        "status": {"running": True, "protection_enabled": False, "version": "v0.107.79"},
        "stats": {
            "num_dns_queries": 7,
            "num_blocked_filtering": 2,
            "avg_processing_time": 0.003,
            "top_clients": [{"10.66.1.11": 5}],
        },
    }
    monkeypatch.setattr(module("cluster_exporter.fetch"), "document", lambda url, *_: answers[url.rpartition("/")[2]])
    source = module("cluster_exporter.adguard_home").Source({"url": "http://x", "user": "u", "password": "p"})
    samples = rendered("cluster_exporter", source.measure)
    assert "adguard_queries 7.0" in samples
    assert "adguard_protection_enabled 0.0" in samples
    assert 'adguard_client_queries{client="10.66.1.11"} 5.0' in samples


def test_a_refused_password_is_left_alone_for_a_while(module, rendered, monkeypatch):
    fetch, asked = module("cluster_exporter.fetch"), []

    def refuse(url, *_password):
        asked.append(url)
        raise fetch.RefusedError("status 401")

    monkeypatch.setattr(fetch, "document", refuse)
    source = module("cluster_exporter.adguard_home").Source({"url": "http://x", "user": "u", "password": "p"})
    for _ in range(3):
        with pytest.raises(fetch.SourceError):
            rendered("cluster_exporter", source.measure)
    assert len(asked) == 1
    moment = time.monotonic() + 601
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    with pytest.raises(fetch.SourceError):
        rendered("cluster_exporter", source.measure)
    assert len(asked) == 2


def test_a_source_that_fails_is_a_figure_and_is_told_once(module, monkeypatch, capsys):
    main = module("cluster_exporter.__main__")
    collector = main.Collector({"squid": {"url": "http://127.0.0.1:1"}})
    for _ in range(2):
        assert 'cluster_exporter_success{source="squid"} 0.0' in collector.page()
    assert capsys.readouterr().err.count("squid: http://127.0.0.1:1") == 1


@pytest.mark.parametrize(
    "sample",
    [
        'ollama_up{node="gpu1"} 1.0',
        'ollama_up{node="gpu2"} 0.0',
        'ollama_up{node="mini1"} 1.0',
        'ollama_model_bytes{model="small:latest",node="gpu1"} 8.0',
        'ollama_model_card_bytes{model="small:latest",node="gpu1"} 0.0',
        'model_beside_card{backend="ollama",model="small:latest",node="gpu1"} 1.0',
        'model_beside_card{backend="ollama",model="large:latest",node="gpu1"} 0.0',
    ],
)
def test_ollama(module, rendered, monkeypatch, sample):
    assert sample in ollama_page(module, rendered, monkeypatch)


def test_a_host_without_a_card_misses_none(module, rendered, monkeypatch):
    page = ollama_page(module, rendered, monkeypatch)
    assert not [line for line in page if line.startswith("model_beside_card") and "mini1" in line]


def ollama_page(module, rendered, monkeypatch):
    fetch = module("cluster_exporter.fetch")
    models = {
        "a": [
            {"name": "small:latest", "size": 8, "size_vram": 0},
            {"name": "large:latest", "size": 80, "size_vram": 40},
        ],
        "c": [{"name": "small:latest", "size": 8}],
    }

    def document(url):
        host = url.removeprefix("http://").partition(":1/api/ps")[0]
        if host == "b":
            raise fetch.SourceError("no answer")
        return {"models": models[host]}

    monkeypatch.setattr(fetch, "document", document)
    hosts = {"gpu1": "a", "gpu2": "b", "mini1": "c"}
    configuration = {"hosts": hosts, "with_card": ["gpu1", "gpu2"], "port": 1}
    source = module("cluster_exporter.ollama").Source(configuration)
    return rendered("cluster_exporter", source.measure)
