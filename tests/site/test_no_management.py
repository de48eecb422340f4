# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Workers without a management node: what they become from the start, and what is left of one that was removed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests import states
from tests.site.cluster import ROOT, Cluster

WORKERS = {"olab1", "olab2", "olab3", "gpu1"}
MACS = sorted(WORKERS - {"gpu1"})
ABSENT = "No host is in the group management, so there are no names, download cache, dashboards, alerts and web pages."


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """Return the lab as an inventory without its management node sees it; what hosts get comes from this machine."""
    inventory = tmp_path_factory.mktemp("inventories") / "workers"
    shutil.copytree(ROOT / "inventories/lab", inventory)
    hosts = yaml.safe_load((inventory / "hosts.yml").read_text())
    groups = hosts["all"]["children"]
    del groups["management"], groups["linux"]["hosts"]["olab0"]
    # In the lab what models need comes past the cache of the management node.
    del groups["llama_cpp"], groups["mlx_lm"]
    (inventory / "hosts.yml").write_text(yaml.safe_dump(hosts))
    values = yaml.safe_load((inventory / "group_vars/all.yml").read_text())
    values["cluster_models"] = []
    # It would be a folder, and there are no models.
    del values["model_store_endpoint"]
    # Hosts ask it themselves.
    values["nvidia_driver_repository"] = f"{values['lab_artifacts']}/nvidia"
    values["lab_artifacts"] = "file://{{ lab_directory }}/artifacts"
    values["cluster_downloads_directory"] = str(inventory.parent / "downloads")
    # Whether the lab's hosts reach the internet by themselves is not the question.
    values["exo_download_probe"] = None
    (inventory / "group_vars/all.yml").write_text(yaml.safe_dump(values))
    return Cluster(states.lab_name(), str(inventory))


def lines(run) -> list[dict]:
    """Return the lines of the report."""
    return [line for task, _, result in run.tasks if task.endswith("Measure") for line in result["lines"]]


def untold(cluster, host: str) -> str:
    """Return what is left on a host of names and a cache that a management node served."""
    look = (
        "ls -d /opt/hybrid-ai/download-relay /etc/apt/apt.conf.d/80hybrid-ai-cache "
        "/etc/systemd/resolved.conf.d/hybrid-ai.conf "
        "/Library/LaunchDaemons/hybrid-ai.download-relay.plist /etc/systemd/system/hybrid-ai-download-relay.service; "
        "grep -e 'nameserver 10.66.1.10$' -e 'names of the cluster' -e 'downloads go through' "
        "/etc/resolv.conf /etc/hosts /etc/environment /etc/zshenv /etc/profile"
    )
    return cluster.execute(host, "sh", "-c", f"{{ {look}; }} 2>/dev/null; true")


def test_workers_converge_and_stay(workers):
    states.managed()
    predicted = workers.play("site.yml", "--check", "--diff").succeeded()
    first = workers.play("site.yml").succeeded()
    assert predicted.changed == first.changed
    assert first.hosts - {"localhost"} == WORKERS
    assert "exo" in {line["capability"] for line in lines(first)}
    assert [line for line in lines(first) if not line["ok"]] == []
    assert ABSENT in first.output
    assert workers.play("site.yml").succeeded().changed == set()
    assert {host: untold(workers, host) for host in WORKERS} == dict.fromkeys(WORKERS, "")


def test_releases_came_from_this_machine(workers):
    downloads = {path.name for path in (Path(workers.inventory).parent / "downloads").iterdir()}
    assert len(downloads) == 2, "one for exo and one for node_exporter"
    for mac in MACS:
        assert downloads <= set(workers.execute(mac, "ls", "/opt/hybrid-ai/releases").split())


def test_what_was_set_for_a_management_node_is_taken_back_when_it_is_removed(workers):
    states.site()
    assert untold(workers, "olab1")
    assert untold(workers, "gpu1")
    run = workers.play("site.yml").succeeded()
    assert run.hosts - {"localhost"} == WORKERS
    assert [line for line in lines(run) if not line["ok"]] == []
    assert {host: untold(workers, host) for host in WORKERS} == dict.fromkeys(WORKERS, "")
    for mac in MACS:
        assert "There aren't any DNS Servers set" in workers.execute(mac, "networksetup", "-getdnsservers", "Ethernet")
        assert "Enabled: No" in workers.execute(mac, "networksetup", "-getwebproxy", "Ethernet")


def test_name_servers_of_a_person_stay(workers):
    workers.execute("olab3", "networksetup", "-setdnsservers", "Ethernet", "10.66.1.1")
    assert workers.play("site.yml").succeeded().changed == set()
    assert workers.execute("olab3", "networksetup", "-getdnsservers", "Ethernet").split() == ["10.66.1.1"]
