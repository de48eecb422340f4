# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A host that the gateway sent to sleep sets off no alert; one that is missed does, and so does any other."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import yaml

from tests.contract.prometheus.conftest import FILES, Situation

# Longer than a look back and a delay together.
TIMES = 80
END = "40m"
FAILED = 'hybrid_gateway_requests_total{instance="desk",model="m",endpoint="x",status="503"}'
ANSWERED = 'hybrid_gateway_requests_total{instance="desk",model="m",endpoint="x",status="200"}'
REFUSED = 'hybrid_gateway_refused_quiet_total{instance="desk",model="m"}'
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
    *("LanPortSlow", "LanPortHalfDuplex", "CertificateEndsSoon", "CertificateEnds", "FirewallNotInEffect"),
    *("MeasurementsStale", "MeasurementFailed", "DiskAlmostFull", "MemoryAlmostFull", "HostRestarted"),
    *(
        "MacThrottled",
        "MacMaySleep",
        "MacOnBattery",
        "MacBatteryLow",
        "FileVaultOn",
        "FileVaultPending",
        "ExoVersionsDiffer",
        "ExoStartedAgainOften",
    ),
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
    "it slept and did not wake": ({"it": f"1x20 0x{TIMES - 21}"}, 1),
    "it sleeps and the gateway has ended": ({"it": "1x40 stale"}, 1),
}


def told(host, values):
    return {ASLEEP.format({"it": host}.get(name, name)): said for name, said in values.items()}


def constant(series):
    return {name: f"{float(value):g}x{TIMES}" for name, value in series.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.alert} of {case.host}")
def test_only_who_sleeps_is_left_out(check, case):
    check(
        case.alert,
        {
            name: Situation({**constant(case.series), **told(case.host, values)}, {END: fires})
            for name, (values, fires) in SITUATIONS.items()
        },
    )


def test_every_alert_is_decided():
    document = yaml.safe_load((FILES / "alerts.yml").read_text(encoding="utf-8"))
    names = {rule["alert"] for group in document["groups"] for rule in group["rules"]}
    others = [OF_THE_HOST_ITSELF, OF_THE_MANAGEMENT_NODE, OF_NODES_THAT_ARE_THERE, {"GatewayFailing"}]
    assert {case.alert for case in CASES}.union(*others) == names


def test_a_model_has_ten_minutes_after_the_wake(check):
    series = constant({'up{job="vllm",instance="gpu1",model="m"}': 0})
    # It wakes after ten minutes, and its hosts answer.
    values = told("gpu1", {"it": f"1x20 0x{TIMES - 21}"})
    check("ModelDown", {"it wakes": Situation({**series, **values}, {"10m": 0, "19m": 0, "23m": 1})})


def of_several(series, asleep, fires):
    return Situation({**constant(series), **told("", dict.fromkeys(asleep, f"1x{TIMES}"))}, {END: fires})


def test_the_cluster_of_exo_is_as_large_as_those_that_are_awake(check):
    nodes = {
        "all are there": ((), 3, 0),
        "one sleeps": (("olab1",), 2, 0),
        "two sleep": (("olab1", "olab2"), 1, 0),
        "one sleeps and is not forgotten yet": (("olab1",), 3, 0),
        "one sleeps and another is missing": (("olab1",), 1, 1),
        "one is missing and a host without exo sleeps": (("gpu1",), 2, 1),
    }
    check(
        "ExoClusterIncomplete",
        {
            name: of_several({"exo_nodes": there, "exo_strangers": 0, **ALL_OF_EXO}, asleep, fires)
            for name, (asleep, there, fires) in nodes.items()
        },
    )


def test_a_source_is_silent_when_all_its_hosts_sleep(check):
    sources = {
        "all hosts of exo sleep": ("exo", ("olab1", "olab2", "olab3"), 0),
        "one host of exo is awake and does not answer": ("exo", ("olab1", "olab2"), 1),
        "another source": ("adguard_home", ("olab1", "olab2", "olab3"), 1),
    }
    check(
        "SourceDown",
        {
            name: of_several(
                {f'cluster_exporter_success{{source="{source}"}}': 0, **dict.fromkeys(ALL_OF_EXO, 0)}, asleep, fires
            )
            for name, (source, asleep, fires) in sources.items()
        },
    )


def test_what_quiet_hours_refuse_is_no_failure(check):
    rising = f"0+4x{TIMES}"
    check(
        "GatewayFailing",
        {
            "a host did not wake": Situation({FAILED: rising}, {END: 1}),
            "quiet hours": Situation({FAILED: rising, REFUSED: rising}, {END: 0}),
            "quiet hours, and another fails": Situation({FAILED: rising, REFUSED: f"0+3x{TIMES}"}, {END: 1}),
            "quiet hours of yesterday": Situation({FAILED: rising, REFUSED: f"9x{TIMES}"}, {END: 1}),
            "nothing fails": Situation({ANSWERED: rising}, {END: 0}),
        },
    )


def test_others_are_reported_while_some_sleep(check):
    series = {f'up{{job="node_exporter",instance="{host}"}}': 0 for host in ("gpu1", "olab1", "olab2")}
    check("TargetDown", {"two of three": of_several(series, ("gpu1", "olab1"), 1)})
