# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host that the gateway sent to sleep sets off no alert; one that is missed does, and so does every one else's fault."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import yaml

from tests.contract.prometheus.conftest import FILES

# Longer than a look back and a delay together.
TIMES = 160
END = "40m"
ASLEEP = 'hybrid_gateway_asleep{{job="gateway_metrics",instance="desk",host="{}"}}'


@dataclass(frozen=True)
class Case:
    """What a host that is not there looks like to an alert."""

    alert: str
    host: str
    series: dict[str, float]


ALL_OF_EXO = {f'exo_node_reachable{{node="olab{number}"}}': number != 1 for number in (1, 2, 3)}
CASES = [
    Case("TargetDown", "gpu1", {'up{job="node_exporter",instance="gpu1"}': 0}),
    Case("TargetDown", "olab1", {'up{job="exo_keeper",instance="olab1"}': 0}),
    Case("ModelDown", "gpu1", {'up{job="llama_cpp",instance="gpu1",model="tiny"}': 0}),
    Case("OllamaDown", "gpu1", {'ollama_up{instance="desk",node="gpu1"}': 0}),
    Case(
        "ThunderboltCableMissing",
        "olab1",
        {
            'mac_thunderbolt_connected{instance="olab2",receptacle="2"}': 0,
            'mac_thunderbolt_connected{instance="olab2",receptacle="3"}': 0,
        },
    ),
    Case("ExoNodeUnreachable", "olab1", ALL_OF_EXO),
    Case("ExoClusterIncomplete", "olab1", {"exo_nodes": 2, "exo_strangers": 0, **ALL_OF_EXO}),
    Case("ExoModelNotServed", "olab1", {'exo_keeper_model_ready{instance="olab2",model="large"}': 0, **ALL_OF_EXO}),
    Case("ExoRunnerFailed", "olab1", {'exo_runners{state="RunnerFailed"}': 1, **ALL_OF_EXO}),
    Case("SourceDown", "olab1", {'cluster_exporter_success{source="exo"}': 0, 'exo_node_reachable{node="olab1"}': 0}),
]
# An alert that a sleeping host cannot set off, and why.
OF_THE_HOST_ITSELF = {
    *("MeasurementsStale", "MeasurementFailed", "DiskAlmostFull", "MemoryAlmostFull", "HostRestarted"),
    *("MacThrottled", "MacMaySleep", "FileVaultOn", "FileVaultPending", "ExoVersionsDiffer", "ExoStartedAgainOften"),
    *("ModelRestarts", "ModelBesideCard", "ModelFrozen"),
    *("MlxModelDown", "MlxResting", "MlxMemoryHeld", "MlxWithoutMetal", "MlxStalled", "MlxFallback"),
    *("GpuHot", "GpuMissing", "GpuLost", "GpuNotProved", "GpuDriverMismatch", "GpuThrottled", "GpuMemoryErrors"),
    *("GpuNeedsRecovery", "GpuMemoryFull"),
}
OF_THE_MANAGEMENT_NODE = {
    *("RemoteWriteFailing", "NotificationsFail", "WebPageDown"),
    *("GatewayDown", "GatewayKeysUnreadable"),
}
# exo forgets a node, its models and its downloads within 52 seconds, which is less than these wait.
OF_NODES_THAT_ARE_THERE = {"ExoStranger", "ExoInstanceNotReady", "ExoDownloadFailed"}
# What the gateway says for each host, and whether the alert fires at the end.
SITUATIONS = {
    "there is no gateway": ({}, 1),
    "the gateway says it is awake": ({"it": f"0x{TIMES}"}, 1),
    "another one sleeps": ({"it": f"0x{TIMES}", "other": f"1x{TIMES}"}, 1),
    "it sleeps": ({"it": f"1x{TIMES}"}, 0),
    "it slept and did not wake": ({"it": f"1x40 0x{TIMES - 41}"}, 1),
    "it sleeps and the gateway has ended": ({"it": "1x80 stale"}, 1),
}


def firing(alert):
    return f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'


def told(host, values):
    return {ASLEEP.format({"it": host}.get(name, name)): said for name, said in values.items()}


def constant(series):
    return {name: f"{float(value):g}x{TIMES}" for name, value in series.items()}


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert} of {case.host}")
def test_only_who_sleeps_is_left_out(rules, case, situation):
    values, fires = SITUATIONS[situation]
    rules({**constant(case.series), **told(case.host, values)}, {(firing(case.alert), END): fires})


def test_every_alert_is_decided():
    document = yaml.safe_load((FILES / "alerts.yml").read_text(encoding="utf-8"))
    names = {rule["alert"] for group in document["groups"] for rule in group["rules"]}
    others = [OF_THE_HOST_ITSELF, OF_THE_MANAGEMENT_NODE, OF_NODES_THAT_ARE_THERE, {"GatewayFailing"}]
    assert {case.alert for case in CASES}.union(*others) == names


def test_a_model_has_ten_minutes_after_the_wake(rules):
    series = constant({'up{job="vllm",instance="gpu1",model="m"}': 0})
    # It wakes after ten minutes, and its hosts answer.
    values = told("gpu1", {"it": f"1x40 0x{TIMES - 41}"})
    wanted = {(firing("ModelDown"), time): fires for time, fires in (("10m", 0), ("19m", 0), ("23m", 1))}
    rules({**series, **values}, wanted)


@pytest.mark.parametrize(
    ("asleep", "nodes", "fires"),
    [
        pytest.param((), 3, 0, id="all are there"),
        pytest.param(("olab1",), 2, 0, id="one sleeps"),
        pytest.param(("olab1", "olab2"), 1, 0, id="two sleep"),
        pytest.param(("olab1",), 3, 0, id="one sleeps and is not forgotten yet"),
        pytest.param(("olab1",), 1, 1, id="one sleeps and another is missing"),
        pytest.param(("gpu1",), 2, 1, id="one is missing and a host without exo sleeps"),
    ],
)
def test_the_cluster_of_exo_is_as_large_as_those_that_are_awake(rules, asleep, nodes, fires):
    series = constant({"exo_nodes": nodes, "exo_strangers": 0, **ALL_OF_EXO})
    values = {name: f"1x{TIMES}" for name in asleep}
    rules({**series, **told("", values)}, {(firing("ExoClusterIncomplete"), END): fires})


@pytest.mark.parametrize(
    ("source", "asleep", "fires"),
    [
        pytest.param("exo", ("olab1", "olab2", "olab3"), 0, id="all hosts of exo sleep"),
        pytest.param("exo", ("olab1", "olab2"), 1, id="one host of exo is awake and does not answer"),
        pytest.param("adguard_home", ("olab1", "olab2", "olab3"), 1, id="another source"),
    ],
)
def test_a_source_is_silent_when_all_its_hosts_sleep(rules, source, asleep, fires):
    series = {f'cluster_exporter_success{{source="{source}"}}': 0, **dict.fromkeys(ALL_OF_EXO, 0)}
    values = {name: f"1x{TIMES}" for name in asleep}
    rules({**constant(series), **told("", values)}, {(firing("SourceDown"), END): fires})


def test_others_are_reported_while_one_sleeps(rules):
    series = {f'up{{job="node_exporter",instance="{host}"}}': 0 for host in ("gpu1", "olab1")}
    only = 'count(ALERTS{alertname="TargetDown",alertstate="firing",instance="olab1"}) or vector(0)'
    wanted = {(firing("TargetDown"), END): 1, (only, END): 1}
    rules({**constant(series), **told("gpu1", {"it": f"1x{TIMES}"})}, wanted)
