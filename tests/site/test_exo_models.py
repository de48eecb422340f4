# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Models of the table on exo: placed and answered, kept over lost nodes and hangs, spread where one is small."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml

from lab.standins.exo import tiny_model
from tests import states
from tests.site import exo_models
from tests.site.cluster import ROOT, Cluster
from tests.site.exo_models import NAME, answers, model, serve, status, wait

MACS = ("olab1", "olab2", "olab3")
STATE = "/opt/hybrid-ai/exo/.exo"


@pytest.fixture(scope="module")
def macs(cluster):
    """Return the lab with exo on three Macs and the tiny model on their disks."""
    states.managed()
    exo_models.bring(cluster, *MACS)
    serve(cluster, *MACS)
    return cluster


def told(cluster: Cluster) -> str:
    """Return what all keepers say, for a test that fails."""
    return "\n".join(json.dumps(status(cluster, host)) for host in MACS)


def instances(cluster: Cluster, host: str) -> dict:
    return json.loads(cluster.execute(host, "curl", "-s", "http://127.0.0.1:52415/state/instances"))


def test_the_model_answers_and_a_second_run_changes_nothing(macs):
    assert all(answers(macs, host) for host in MACS)
    assert "fits on one" in model(macs, "olab1")["why"]
    assert serve(macs, *MACS).changed == set()


def test_a_check_predicts_what_a_run_does(macs):
    predicted = macs.play("site.yml", "--tags", "exo_models", "-e", exo_models.table(*MACS, min_nodes=2), "--check")
    assert {host for host, _ in predicted.succeeded().changed} == set(MACS)
    serve(macs, *MACS, tags="exo_models", min_nodes=2)
    assert len(model(macs, "olab1")["nodes"]) == 2


def test_a_placement_survives_a_lost_node(macs):
    lost = next(host for host in reversed(model(macs, "olab1")["nodes"]))
    rest = [host for host in MACS if host != lost]
    macs.lab("power", "off", lost)
    try:
        wait(
            lambda: lost not in model(macs, rest[0])["nodes"] and answers(macs, rest[0]),
            240,
            lambda: status(macs, rest[0]),
        )
    finally:
        macs.lab("power", "on", lost)
    macs.wait_for(lost, "running")
    wait(lambda: answers(macs, lost), 180, lambda: told(macs))


def restarts(macs):
    return sum(status(macs, host)["counts"]["restarts"] for host in MACS)


def test_a_placement_that_hangs_is_cured(macs):
    for host in MACS:
        macs.execute(host, "sh", "-c", f"echo 1 > {STATE}/standin-hang && chmod 666 {STATE}/standin-hang")
    before = restarts(macs)
    for identity in instances(macs, "olab1"):
        macs.execute("olab1", "curl", "-s", "-X", "DELETE", f"http://127.0.0.1:52415/instance/{identity}")
    try:
        wait(lambda: restarts(macs) > before, 180, lambda: told(macs))
        for host in MACS:
            macs.execute(host, "rm", "-f", f"{STATE}/standin-hang")
        wait(lambda: answers(macs, "olab1"), 300, lambda: told(macs))
    finally:
        for host in MACS:
            macs.execute(host, "rm", "-f", f"{STATE}/standin-hang")


def test_a_model_larger_than_any_one_mac_is_on_three_and_comes_back(macs):
    size = tiny_model.storage() + 4096
    shares = {"olab1": 0.56, "olab2": 0.28, "olab3": 0.28}
    for host, share in shares.items():
        macs.execute(host, "sh", "-c", f"echo {int(size * share)} > {STATE}/standin-memory")
    serve(macs, *MACS, tags="exo_models")
    for identity in instances(macs, "olab1"):
        macs.execute("olab1", "curl", "-s", "-X", "DELETE", f"http://127.0.0.1:52415/instance/{identity}")
    try:
        wait(lambda: len(model(macs, "olab1")["nodes"]) == 3 and answers(macs, "olab1"), 180, lambda: told(macs))
        assert "no node has more than" in model(macs, "olab1")["why"]
        macs.lab("power", "off", "olab3")
        wait(lambda: not answers(macs, "olab1"), 120, lambda: status(macs, "olab1"))
        macs.lab("power", "on", "olab3")
        macs.wait_for("olab3", "running")
        wait(lambda: len(model(macs, "olab1")["nodes"]) == 3 and answers(macs, "olab3"), 300, lambda: told(macs))
    finally:
        for host in MACS:
            macs.execute(host, "rm", "-f", f"{STATE}/standin-memory")


def test_the_report_tells_where_it_is_and_why(macs):
    wait(lambda: answers(macs, "olab1"), 180, lambda: told(macs))
    run = macs.play("playbooks/verify.yml", "--tags", "exo_models", "-e", exo_models.table(*MACS)).succeeded()
    lines = [line for task, _, result in run.tasks if task.endswith("Measure") for line in result["lines"]]
    shown = [line for line in lines if NAME in line["title"]]
    assert len(shown) == len(MACS)
    assert all(line["ok"] and line["measured"].startswith("ready on ") for line in shown)


def test_a_model_that_is_absent_is_taken_down(macs):
    serve(macs, *MACS, tags="exo_models", state="absent")
    assert instances(macs, "olab1") == {}
    assert "small" not in macs.execute("olab1", "ls", "/opt/hybrid-ai/exo-models/served")
    assert "model.safetensors" in macs.execute("olab1", "ls", f"{exo_models.MODELS}/{exo_models.FOLDER}")


@pytest.fixture(scope="module")
def mixed(macs, tmp_path_factory):
    """Return the same lab with its Linux server among the hosts of exo."""
    inventory = tmp_path_factory.mktemp("inventories") / "mixed"
    shutil.copytree(ROOT / "inventories/lab", inventory)
    hosts = yaml.safe_load((inventory / "hosts.yml").read_text())
    hosts["all"]["children"]["exo"]["hosts"]["gpu1"] = None
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
    return Cluster(states.lab_name(), str(inventory))


def test_a_linux_server_joins_the_macs(mixed):
    exo_models.bring(mixed, "gpu1")
    everybody = (*MACS, "gpu1")
    serve(mixed, *everybody)
    assert answers(mixed, "gpu1")
    topology = json.loads(mixed.execute("gpu1", "curl", "-s", "http://127.0.0.1:52415/state/topology"))
    connections = topology["connections"]
    assert len(topology["nodes"]) == 4
    assert all(other in connections[one] for one in topology["nodes"] for other in topology["nodes"] if one != other)
    linux = json.loads(mixed.execute("gpu1", "curl", "-s", "http://127.0.0.1:52415/node_id"))
    cables = {sink for sink, edges in connections[linux].items() if any("sourceRdmaIface" in edge for edge in edges)}
    assert cables == set(), "cables are between Macs alone"
    run = mixed.play("playbooks/verify.yml", "--tags", "exo").succeeded()
    lines = [line for task, _, result in run.tasks if task.endswith("Measure") for line in result["lines"]]
    assert any("on the CPU" in line["measured"] for line in lines)
    assert serve(mixed, *everybody).changed == set()


def test_a_model_on_linux_alone_answers_through_a_mac(mixed):
    serve(mixed, "gpu1", tags="exo_models")
    assert model(mixed, "gpu1")["nodes"] == ["gpu1"]
    assert answers(mixed, "olab1")
