# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole site is taken back: only when asked for, as predicted, and with nothing left but what is said.

The order of the tests matters.
"""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests import states
from tests.site import traces

if TYPE_CHECKING:
    from tests.site.cluster import Cluster, Run

UNINSTALL = "playbooks/uninstall.yml"
YES = ("-e", "confirm=yes")
KEEP = ("-e", "keep_access=yes")
# A management node, a GPU server, a Mac.
EVERYBODY = {"olab0", "olab1", "olab2", "olab3", "gpu1"}
LOOKED_AT = {"olab0": False, "gpu1": False, "olab1": True}
MODELS = "/opt/hybrid-ai/exo/models"
WEIGHTS = f"{MODELS}/org--name/weights"
ASKING = "hybrid_ai.cluster.uninstall : Fail without a confirmation"
SAYING = "hybrid_ai.cluster.uninstall : Report what was removed and what stays"
ACCESS = "hybrid_ai.cluster.bootstrap : Remove Python, the rule for sudo and the cluster's key"
REMOVING = "hybrid_ai.cluster.service : Remove the service's directory and files"
# One of the cables, as if the others were not there: it forms no loop.
CABLE = {"thunderbolt_links": [{"olab1": 1, "olab2": 1}], "thunderbolt_mode": "subnets"}
ONE_CABLE = ("--tags", "thunderbolt", "--limit", "olab1,olab2", "-e", json.dumps(CABLE))
# Users that packages of Debian's leave behind, whoever removes them.
OF_DEBIAN = {"haproxy", "prometheus"}


def look(cluster: Cluster) -> dict[str, traces.Traces]:
    return {host: traces.read(cluster, host, mac=mac) for host, mac in LOOKED_AT.items()}


def bridge(cluster: Cluster) -> tuple[set[str], set[str]]:
    """Return the members of olab2's bridge, and its Thunderbolt services that are in use."""
    members = cluster.execute("olab2", "sh", "-c", "ifconfig bridge0 2>/dev/null | grep member: || true")
    listed = cluster.execute("olab2", "networksetup", "-listallnetworkservices").splitlines()
    used = {service for service in listed if service.startswith("Thunderbolt")}
    return {line.split()[1] for line in members.splitlines()}, used


def said(run: Run, host: str) -> list[str]:
    """Return what the end of a run says of a host."""
    (lines,) = [result["msg"] for task, found, result in run.tasks if (task, found) == (SAYING, host)]
    return list(lines)


def enters(cluster: Cluster, host: str) -> bool:
    """Tell whether the cluster's key opens a host, over a connection of its own."""
    words = ["-F", str(cluster.directory / "ssh_config"), "-o", "BatchMode=yes", "-o", "ControlPath=none"]
    return subprocess.run(["ssh", *words, host, "true"], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def story(cluster):
    """Look at hosts that are only managed, then remove a site from them: unconfirmed, predicted, really."""
    states.managed()
    found = {"managed": look(cluster)}
    bridges = [bridge(cluster)]
    cluster.play("site.yml", "--skip-tags", "verify", *ONE_CABLE).succeeded()
    bridges.append(bridge(cluster))
    cluster.play(UNINSTALL, *YES, *ONE_CABLE).succeeded()
    bridges.append(bridge(cluster))
    states.site()
    cluster.execute("olab1", "sh", "-c", f"mkdir -p {MODELS}/org--name && head -c 1048576 /dev/zero >{WEIGHTS}")
    cluster.execute("olab1", "sh", "-c", f"chown -R _exo {MODELS}")
    found["site"] = look(cluster)
    runs = {
        "refused": cluster.play(UNINSTALL),
        "predicted": cluster.play(UNINSTALL, "--check").succeeded(),
        "removed": cluster.play(UNINSTALL, *YES, *KEEP).succeeded(),
    }
    found["removed"] = look(cluster)
    return {"found": found, "runs": runs, "bridges": bridges}


def test_without_a_yes_nothing_changes_and_one_sentence_says_what_to_write(story):
    refused = story["runs"]["refused"]
    assert refused.rc == 2
    assert refused.changed == set()
    failures = [(task, result["msg"]) for task, _, result in refused.tasks if result.get("failed")]
    assert [task for task, _ in failures] == [ASKING]
    assert "-e confirm=yes" in failures[0][1]
    assert refused.tasks[-1][0] == ASKING


def test_a_check_predicts_the_tasks_that_then_change(story):
    predicted, removed = story["runs"]["predicted"].changed, story["runs"]["removed"].changed
    # The access, which was kept, is predicted for every host.
    access = {(host, ACCESS) for host in EVERYBODY}
    assert access <= predicted
    predicted = predicted - access
    assert {"only predicted": predicted - removed, "only done": removed - predicted} == {
        "only predicted": set(),
        "only done": set(),
    }
    assert {host for host, _ in removed} == EVERYBODY


@pytest.mark.parametrize("host", LOOKED_AT)
def test_nothing_is_left_that_a_managed_host_has_not(story, host):
    found = story["found"]
    # Else it would prove nothing.
    of_the_site = traces.differences(found["managed"][host], found["site"][host])
    assert {"named", "mentioned", "hosts", "users", "groups", "rules", "logins"} <= set(of_the_site)
    left = traces.differences(found["managed"][host], found["removed"][host])
    # Models, and a folder that leads to them.
    assert left.pop("ours") == (["+ exo", "+ models"] if LOOKED_AT[host] else ["+ models"])
    if not LOOKED_AT[host]:
        # The folder of Python is there on a Mac.
        assert left.pop("named") == ["+ /opt/hybrid-ai"]
        of_debian = {f"+ {name}" for name in OF_DEBIAN}
        left.update({section: sorted(set(left.get(section, [])) - of_debian) for section in ("users", "groups")})
    assert {section: lines for section, lines in left.items() if lines} == {}


def test_the_thunderbolt_ports_are_as_new_ones_and_no_bridge_loops(story, cluster):
    # Three Macs in a ring: the bridge of before would loop.
    services = [
        line.strip("*") for line in cluster.execute("olab1", "networksetup", "-listallnetworkservices").splitlines()
    ]
    ports = [service for service in services if re.fullmatch(r"Thunderbolt \d", service)]
    # Two had a cable; the third had none, and a service that kept it out of macOS's bridge.
    assert len(ports) == 3
    for port in ports:
        assert cluster.execute("olab1", "networksetup", "-getinfo", port).startswith("DHCP Configuration")
    with pytest.raises(AssertionError):
        cluster.execute("olab1", "ifconfig", "bridge0")
    assert [line for line in said(story["runs"]["removed"], "olab1") if line.startswith("Stays: the bridge bridge0")]


def test_a_bridge_that_cannot_loop_is_made_again(story):
    before, without, after = story["bridges"]
    assert before[1] == {"Thunderbolt Bridge"}
    assert len(before[0]) >= 2
    assert without == (set(), {"Thunderbolt 1"})
    assert after == before


def test_models_stay_and_it_is_said_where_and_how_large_they_are(story, cluster):
    assert cluster.execute("olab1", "wc", "-c", WEIGHTS).split()[0] == "1048576"
    for run in ("predicted", "removed"):
        (line,) = [line for line in said(story["runs"][run], "olab1") if line.startswith(f"Stays: models: {MODELS} ")]
        assert re.match(rf"Stays: models: {MODELS} \(1\.\d\d MB\); .*-e remove_models=yes", line)


def test_what_stays_is_said_with_the_way_to_remove_it(story):
    removed = story["runs"]["removed"]
    assert said(removed, "olab0")[0].startswith("Gone: haproxy, grafana, ")
    assert any("sudo apt-get purge nftables" in line for line in said(removed, "gpu1"))
    assert all(any("without keep_access" in line for line in said(removed, host)) for host in LOOKED_AT)


def test_packages_go_where_they_were_brought(story, cluster):
    # It is remembered that they were not there; nftables was, and logrotate others may use by now.
    status = ["dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n"]
    there = cluster.execute("olab0", *status).splitlines()
    assert [f"{name} installed" in there for name in ("haproxy", "prometheus", "squid-openssl")] == [False] * 3
    assert [f"{name} installed" in there for name in ("nftables", "logrotate")] == [True] * 2
    for run in ("predicted", "removed"):
        packages = [line for line in said(story["runs"][run], "olab0") if "package" in line]
        assert not any("was there before" in line for line in packages), packages


def test_models_go_when_told(story, cluster):
    run = cluster.play(UNINSTALL, *YES, "-e", "remove_models=yes", "--tags", "exo").succeeded()
    assert run.changed == {("olab1", REMOVING)}
    assert cluster.execute("olab1", "ls", "-A", "/opt/hybrid-ai").split() == ["models", "python"]


def test_a_second_run_takes_only_the_access_and_only_where_it_is_to(story, cluster):
    assert all(enters(cluster, host) for host in (*LOOKED_AT, "olab2"))
    run = cluster.play(UNINSTALL, *YES, "--limit", ",".join(LOOKED_AT)).succeeded()
    # What the first run removed is left alone.
    assert run.changed == {(host, ACCESS) for host in LOOKED_AT}
    done = {host: result["removed"] for task, host, result in run.tasks if task == ACCESS}
    assert done == {
        "olab0": ["passwordless sudo", "cluster key"],
        "olab1": ["Python", "passwordless sudo", "cluster key"],
        "gpu1": ["passwordless sudo", "cluster key"],
    }
    assert {host: enters(cluster, host) for host in (*LOOKED_AT, "olab2")} == {
        **dict.fromkeys(LOOKED_AT, False),
        "olab2": True,
    }
    for host in LOOKED_AT:
        # Of the models of other backends, which stay as well.
        assert traces.read(cluster, host, mac=LOOKED_AT[host])["named"] == {"/opt/hybrid-ai"}
        assert not {".ansible", ".ssh"} & set(cluster.execute(host, "sh", "-c", "ls -A ~admin").split())
