# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every alert fires when what it watches is broken, and stops when that is repaired."""

from __future__ import annotations

import json
import os
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import pytest

from tests import nvidia_host
from tests.monitoring.conftest import place, start_receiver
from tests.monitoring.lab import Lab, alerts, run, wait

LAB = Path("/run/hybrid-lab") / os.environ.get("LAB_NAME", "test")
STATE = "/private/var/db/simulator/state"
INFORMATION = "/Applications/EXO.app/Contents/Info.plist"
# launchctl answers before the job has ended, and then with a status of its own.
STOP_EXO = "/bin/launchctl bootout system/hybrid-ai.exo || true"
START_EXO = (
    "while /bin/launchctl print system/hybrid-ai.exo >/dev/null 2>&1; do sleep 1; done; "
    "/bin/launchctl bootstrap system /Library/LaunchDaemons/hybrid-ai.exo.plist"
)
# What the measurements would say of a card that is lost; that they say so is proved in tests/unit/monitoring.
LOST_GPU = {
    "GpuLost": 'nvidia_smi_gpus{lost="one"} 1\nnvidia_pci_gpus{lost="one"} 2',
    "GpuNotProved": 'nvidia_cuda_proved{gpu="0000:02:00.0",says="it has fallen off the bus"} 0',
}
# What the stand-ins of the driver read.
GPUS = "/run/hybrid-lab-nvidia.json"
BROKEN_GPU = {
    "GpuHot": {"temperature.gpu": "93"},
    "GpuThrottled": {"clocks_event_reasons.hw_thermal_slowdown": "Active"},
    "GpuMemoryErrors": {"ecc.errors.uncorrected.volatile.total": "3"},
    "GpuNeedsRecovery": {"gpu_recovery_action": "Reset"},
    "GpuMemoryFull": {"memory.free": "100 MiB"},
}
ALL_OF_IT = {name: value for values in BROKEN_GPU.values() for name, value in values.items()}
GPU_STATES = {
    **dict.fromkeys(BROKEN_GPU, nvidia_host.host(nvidia_host.card(1, nvidia_host.RTX_4080, values=ALL_OF_IT))),
    "GpuMissing": nvidia_host.host(),
    "GpuDriverMismatch": nvidia_host.host(nvidia_host.card(1, nvidia_host.RTX_4080), library="595.71.06"),
}
# What services of models would say of themselves, and a host of its packet filter; that they say so when they are
# broken is proved in tests/contract, and what is made of Ollama's answers in tests/unit/monitoring.
GATEWAY = 'hybrid_gateway_requests_total{model="GatewayFailing",endpoint="/v1/chat/completions",status="503"}'
TOLD = "/opt/hybrid-ai/measurements/{}.prom"
CERTIFICATE = 'certificate_end_timestamp_seconds{{certificate="{}"}} {}'
MODELS = {
    "CertificateEndsSoon": CERTIFICATE.format("CertificateEndsSoon", int(time.time()) + 30 * 86400),
    "CertificateEnds": CERTIFICATE.format("CertificateEnds", int(time.time()) + 7 * 86400),
    "MlxModelDown": 'mlx_lm_up{model="MlxModelDown"} 0',
    "MlxResting": 'mlx_lm_resting{model="MlxResting"} 1',
    "MlxMemoryHeld": 'mlx_lm_held_bytes{model="MlxMemoryHeld"} 2e10',
    "MlxWithoutMetal": 'mlx_lm_metal{model="Metal"} 0\nmlx_lm_device_info{model="Metal",system="darwin"} 1',
    "MlxStalled": 'mlx_lm_stalled_seconds{model="MlxStalled"} 300',
    "MlxFallback": 'mlx_lm_fallback{model="MlxFallback"} 1',
    "GatewayKeysUnreadable": "hybrid_gateway_keys_readable 0",
    "FirewallNotInEffect": 'firewall_in_effect{lost="one"} 0',
    "OllamaDown": 'ollama_up{node="gpu9"} 0',
    "ModelBesideCard": 'model_beside_card{model="ModelBesideCard"} 1',
    "ModelFrozen": 'llamacpp:requests_processing{model="Frozen"} 1\nllamacpp:n_decode_total{model="Frozen"} 5',
}
# The same where only a change tells: sample and the values that it has one after the other.
CHANGES = {
    "ModelRestarts": ('llamacpp:n_decode_total{model="ModelRestarts"}', (9, 1, 9, 1, 9, 1, 9, 1)),
    "ExoStartedAgainOften": ("exo_keeper_restarts_total", (0, 9)),
    "GatewayFailing": (GATEWAY, (0, 9, 18)),
    "RemoteWriteFailing": ('prometheus_remote_storage_samples_failed_total{url="other"}', (0, 9)),
}


@dataclass(frozen=True)
class Case:
    """What to break on which host, how to repair it, and the labels of the alert."""

    alert: str
    host: str
    broken: str
    repaired: str
    labels: dict[str, str] = field(default_factory=dict)
    looks_back: bool = False
    """Whether it goes on after the repair, for as long as its expression looks back."""


CASES = [
    Case(
        "TargetDown",
        "gpu1",
        "systemctl stop hybrid-ai-node-exporter",
        "systemctl start hybrid-ai-node-exporter",
        {"instance": "gpu1"},
    ),
    Case(
        "SourceDown",
        "olab0",
        "systemctl stop hybrid-ai-adguard-home",
        "systemctl start hybrid-ai-adguard-home",
        {"source": "adguard_home"},
    ),
    Case(
        "WebPageDown",
        "olab0",
        "systemctl stop hybrid-ai-alertmanager",
        "systemctl start hybrid-ai-alertmanager",
        {"proxy": "alertmanager"},
    ),
    Case(
        "GatewayDown",
        "olab0",
        "systemctl stop hybrid-ai-gateway",
        "systemctl start hybrid-ai-gateway",
        {"instance": "olab0"},
    ),
    Case(
        "MeasurementsStale",
        "gpu1",
        "systemctl stop hybrid-ai-measurements; touch -d '-10 min' /opt/hybrid-ai/measurements/measurements.prom",
        "systemctl start hybrid-ai-measurements",
        {"instance": "gpu1"},
    ),
    Case(
        "MeasurementFailed",
        "gpu1",
        "mv /usr/bin/nvidia-smi /root/; printf '#!/bin/sh\\nexit 9\\n' > /usr/bin/nvidia-smi; "
        "chmod 755 /usr/bin/nvidia-smi",
        "mv /root/nvidia-smi /usr/bin/",
        {"measurement": "gpu"},
    ),
    Case(
        "DiskAlmostFull",
        "gpu1",
        "mkdir -p /srv/full; mount -t tmpfs -o size=1m tmpfs /srv/full; head -c 1000000 /dev/zero > /srv/full/file",
        "umount /srv/full",
        {"mountpoint": "/srv/full"},
    ),
    Case(
        "MemoryAlmostFull",
        "olab1",
        f"""echo '{{"used_ratio": 0.97}}' > {STATE}/memory.json""",
        f"rm {STATE}/memory.json",
        {"instance": "olab1"},
    ),
    Case(
        "MacThrottled",
        "olab1",
        f"""echo '{{"pressure": "Heavy"}}' > {STATE}/thermal.json""",
        f"rm {STATE}/thermal.json",
        {"instance": "olab1"},
    ),
    Case("MacMaySleep", "olab2", "/usr/bin/pmset -a sleep 10", "/usr/bin/pmset -a sleep 0", {"instance": "olab2"}),
    Case(
        "FileVaultOn",
        "olab2",
        f"""echo '{{"enabled": true}}' > {STATE}/filevault.json""",
        f"rm {STATE}/filevault.json",
        {"instance": "olab2"},
    ),
    Case(
        "FileVaultPending",
        "olab1",
        f"""echo '{{"enabled": false, "deferred_user": "alex"}}' > {STATE}/filevault.json""",
        f"rm {STATE}/filevault.json",
        {"instance": "olab1"},
    ),
    Case(
        "ExoVersionsDiffer",
        "olab3",
        f"cp {INFORMATION} /tmp/Info.plist; "
        f"/usr/libexec/PlistBuddy -c 'Set :CFBundleShortVersionString 1.0.99' {INFORMATION}",
        f"cp /tmp/Info.plist {INFORMATION}",
    ),
    *(
        Case(alert, "gpu1", f"echo '{sample}' > {TOLD.format(alert)}", f"rm {TOLD.format(alert)}", {"instance": "gpu1"})
        for alert, sample in {**MODELS, **LOST_GPU}.items()
    ),
    *(
        Case(
            alert,
            "gpu1",
            # A scrape sees each value.
            "; ".join(f"echo '{sample} {value}' > {TOLD.format(alert)}; sleep 7" for value in values),
            f"rm {TOLD.format(alert)}",
            {"instance": "gpu1"},
            looks_back=True,
        )
        for alert, (sample, values) in CHANGES.items()
    ),
    *(
        Case(
            alert,
            "gpu1",
            f"cp -n {GPUS} {GPUS}.kept; echo '{json.dumps(state)}' > {GPUS}",
            f"[ ! -e {GPUS}.kept ] || mv {GPUS}.kept {GPUS}",
            {"instance": "gpu1"},
        )
        for alert, state in GPU_STATES.items()
    ),
    Case(
        "ModelDown",
        "gpu1",
        "systemctl stop hybrid-ai-llama-cpp",
        "systemctl start hybrid-ai-llama-cpp",
        {"instance": "gpu1", "model": "tiny"},
    ),
    Case(
        "ExoModelNotServed",
        "gpu1",
        f"echo 'exo_keeper_model_ready{{model=\"far\"}} 0' > {TOLD.format('ExoModelNotServed')}",
        f"rm {TOLD.format('ExoModelNotServed')}",
        {"model": "far"},
    ),
    Case(
        "ExoNodeUnreachable",
        "olab3",
        STOP_EXO,
        START_EXO,
        {"node": "olab3"},
    ),
    Case(
        "ExoClusterIncomplete",
        "olab3",
        STOP_EXO,
        START_EXO,
    ),
]
# What is broken together: nothing in a wave hides another, and their waiting is shared.
WAVES = [
    ["TargetDown", "SourceDown", "WebPageDown", "MemoryAlmostFull", "MacMaySleep", "ExoVersionsDiffer"],
    ["MeasurementsStale", "MacThrottled", "FileVaultOn", "FileVaultPending", "ExoNodeUnreachable"],
    ["MeasurementFailed", "DiskAlmostFull", "ExoClusterIncomplete", "GatewayDown"],
    [*BROKEN_GPU, *MODELS, *CHANGES, "ModelDown", "ExoModelNotServed"],
    ["GpuMissing"],
    ["GpuDriverMismatch", *LOST_GPU],
]
ALONE = {
    *("ThunderboltCableMissing", "NotificationsFail", "HostRestarted"),
    *("ExoDownloadFailed", "ExoInstanceNotReady", "ExoRunnerFailed", "ExoStranger"),
}


def test_every_alert_is_tried():
    assert {case.alert for case in CASES} == set(chain.from_iterable(WAVES))
    assert {case.alert for case in CASES} | ALONE == set(alerts())


@pytest.mark.parametrize("wave", WAVES, ids=", ".join)
def test_fire_and_stop(cluster: Lab, wave: list[str]):
    cases = [case for case in CASES if case.alert in wave]

    def fires(case: Case) -> bool:
        return cluster.firing(case.alert, **case.labels)

    for case in cases:
        # What the wave before has broken may still be remembered, and so may what an earlier run has.
        if case.looks_back:
            continue
        wait(lambda case=case: not fires(case), f"{case.alert} is silent", 120)
    with ExitStack() as repairs:
        for case in cases:
            repairs.callback(cluster.execute, case.host, case.repaired)
            cluster.execute(case.host, case.broken)
        for case in cases:
            wait(lambda case=case: fires(case), f"{case.alert} fires", 180)
    for case in cases:
        if not case.looks_back:
            wait(lambda case=case: not fires(case), f"{case.alert} stops", 180)


def test_people_are_told(cluster: Lab):
    told = cluster.execute("gpu1", "cat /tmp/alerts.jsonl")
    lines = [json.loads(line) for line in told.splitlines() if line]
    names = {alert["labels"]["alertname"] for line in lines for alert in line["alerts"]}
    assert names & {case.alert for case in CASES}


def test_a_cable_is_missed(cluster: Lab):
    labels = {"instance": "olab1", "receptacle": "1", "peer": "olab2"}
    run("lab", "cable", "--unplug", "olab1:1", "olab2:1")
    try:
        wait(lambda: cluster.firing("ThunderboltCableMissing", **labels), "ThunderboltCableMissing fires", 180)
    finally:
        run("lab", "cable", "olab1:1", "olab2:1")
    wait(lambda: not cluster.firing("ThunderboltCableMissing", **labels), "ThunderboltCableMissing stops", 180)


def test_a_download_that_fails_is_seen(busy: Lab):
    """There is no internet behind the stand-in of exo."""
    wait(lambda: busy.firing("ExoDownloadFailed"), "ExoDownloadFailed fires", 240)


def test_a_model_that_never_gets_ready_is_seen(busy: Lab):
    """Its weights are nowhere; that it is downloaded is progress, until that has failed."""
    wait(lambda: busy.firing("ExoInstanceNotReady"), "ExoInstanceNotReady fires", 180)


def test_a_runner_that_fails_is_seen(busy: Lab):
    """exo starts it again within seconds and removes the model after five times, so this goes on until it was seen."""
    kill = "ps ax -o pid= -o command= | grep '[r]unner.py' | while read -r pid rest; do kill -9 $pid; done"

    def seen() -> bool:
        if not busy.fetch(f"{busy.address('olab2', 52415)}/state/instances"):
            place(busy)
        for host in ("olab1", "olab2", "olab3"):
            busy.execute(host, kill)
        return bool(busy.query('last_over_time(ALERTS{alertname="ExoRunnerFailed", alertstate="firing"}[5m])'))

    wait(seen, "ExoRunnerFailed fires", 120)


def test_a_stranger_is_seen(cluster: Lab):
    """A second exo on a Mac that has one, with the cluster's own secret: nobody answers to its identity."""
    script = (
        "read -r EXO_LIBP2P_NAMESPACE; export EXO_LIBP2P_NAMESPACE HOME=/tmp/stranger EXO_RUNTIME_DIR=/tmp; "
        "mkdir -p $HOME; /Applications/EXO.app/Contents/Resources/exo/exo --api-port 52500 --offline "
        ">/dev/null 2>&1 </dev/null & echo $! > /tmp/stranger.pid"
    )
    secret = (LAB / ".secrets/exo_namespace").read_text(encoding="utf-8")
    run("lab", "exec", "olab1", "--", "/bin/sh", "-ec", script, stdin=secret)
    try:
        wait(lambda: cluster.firing("ExoStranger", may_be=""), "ExoStranger fires", 120)
    finally:
        cluster.execute("olab1", "kill -9 $(cat /tmp/stranger.pid); rm -r /tmp/stranger /tmp/stranger.pid")


def test_nobody_is_there_to_be_told(cluster: Lab):
    cluster.execute("gpu1", "systemctl stop alert-receiver")
    cluster.execute("olab1", f"""echo '{{"pressure": "Sleeping"}}' > {STATE}/thermal.json""")
    try:
        wait(lambda: cluster.firing("NotificationsFail"), "NotificationsFail fires", 240)
    finally:
        cluster.execute("olab1", f"rm {STATE}/thermal.json")
        start_receiver(cluster, "gpu1")


def test_a_restart_is_noticed(cluster: Lab):
    run("lab", "power", "off", "olab3")
    run("lab", "power", "on", "olab3")
    wait(lambda: cluster.firing("HostRestarted", instance="olab3"), "HostRestarted fires", 180)
