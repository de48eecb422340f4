# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a site that runs: limits, upgrades, losses, removal. The order of the tests matters."""

from __future__ import annotations

import hashlib
import json
import shutil
import time

import pytest

from lab.standins.exo import bundle, image

pytestmark = pytest.mark.usefixtures("site")

MACS = ["olab1", "olab2", "olab3"]


def test_a_tag_and_a_limit_touch_only_that(cluster):
    # bootout answers before the job has ended.
    gone = "launchctl print system/hybrid-ai.exo >/dev/null 2>&1"
    cluster.execute("olab2", "sh", "-c", f"launchctl bootout system/hybrid-ai.exo; while {gone}; do sleep 1; done")
    run = cluster.play("site.yml", "--tags", "exo", "--limit", "olab2").succeeded()
    assert run.hosts == {"olab2"}
    assert {host for host, _ in run.changed} == {"olab2"}
    assert cluster.play("site.yml", "--tags", "exo").succeeded().changed == set()


def test_verify_measures_and_does_not_repeat(cluster):
    cluster.execute("olab3", "pmset", "-a", "sleep", "10")
    run = cluster.play("playbooks/verify.yml")
    assert run.rc != 0
    false = [(host, line) for _, host, result in run.tasks for line in result.get("lines", []) if not line["ok"]]
    assert [(host, line["capability"]) for host, line in false] == [("olab3", "macos_headless")]
    assert "10" in false[0][1]["measured"]
    cluster.play("site.yml", "--tags", "macos_headless").succeeded()


def test_a_mac_that_people_work_at_keeps_what_they_set(cluster):
    for argv in (["pmset", "-a", "sleep", "10"], ["mdutil", "-i", "on", "/"], ["tmutil", "enable"]):
        cluster.execute("olab3", *argv)
    only = ("--limit", "olab3", "--tags", "macos_headless")
    run = cluster.play("site.yml", *only, "-e", "macos_headless_profile=workstation").succeeded()
    assert run.changed == set()
    assert "Indexing enabled." in cluster.execute("olab3", "mdutil", "-s", "/")
    lines = [line for _, _, result in run.tasks for line in result.get("lines", [])]
    assert [line["title"] for line in lines] == [
        "operating system", "Remote Login (SSH)", "when it sleeps", "power source", "default route",
        "profile of the Mac",
    ]  # fmt: skip
    assert lines[-1]["measured"].startswith("workstation; left alone: computer name, power settings, ")
    taken = cluster.play("site.yml", *only).succeeded()
    settings = [name for _, _, result in taken.tasks for name in result.get("changed_settings", [])]
    assert settings == ["power", "spotlight", "time_machine"]


def test_exo_is_upgraded_and_goes_back(cluster):
    upgraded = cluster.play("site.yml", "--tags", "exo", "-e", "exo_version=1.0.72").succeeded()
    assert {host for host, task in upgraded.changed} >= set(MACS)
    version = ["plutil", "-extract", "CFBundleShortVersionString", "raw", "/Applications/EXO.app/Contents/Info.plist"]
    assert cluster.execute("olab1", *version).strip() == "1.0.72"
    assert [name for name in cluster.execute("olab1", "ls", "-A", "/Applications").split() if "EXO" in name] == [
        "EXO.app"
    ]
    cluster.play("site.yml", "--tags", "exo").succeeded()
    assert cluster.execute("olab1", *version).strip() == "1.0.71"


def test_an_exo_that_does_not_start_makes_way_for_the_one_before(cluster, monkeypatch, tmp_path):
    version = "1.0.99"
    sources = shutil.copytree(bundle.HERE, tmp_path / "exo")
    (sources / "launchers/exo").write_text("#!/bin/sh\nexit 3\n")
    monkeypatch.setattr(bundle, "HERE", sources)
    broken = image.build(cluster.directory / "artifacts/exo", version)
    checksum = f"sha256:{hashlib.sha256(broken.read_bytes()).hexdigest()}"
    url = f"http://10.66.1.2/exo/{broken.name}"
    release = {version: {"url": url, "checksum": checksum, "starts_like": "1.0.71"}}
    run = cluster.play("site.yml", "--tags", "exo", "-e", json.dumps({"exo_version": version, "exo_releases": release}))
    assert run.rc != 0
    said = {host: str(result.get("msg")) for _, host, result in run.tasks if result.get("failed")}
    assert all("Version 1.0.71 runs again." in said[mac] for mac in MACS)
    for mac in MACS:
        # exo_releases knows nothing of it any more.
        cluster.execute(mac, "rm", f"/opt/hybrid-ai/releases/{broken.name}")
    assert cluster.play("site.yml", "--tags", "exo").succeeded().changed == set()


def test_a_key_that_adguard_home_drops_is_told_and_the_file_before_comes_back(cluster):
    read = ["cat", "/opt/hybrid-ai/adguard-home/work/AdGuardHome.yaml"]
    before = cluster.execute("olab0", *read)
    settings = {"adguard_home_settings": {"dns": {"no_such_key": 1}}}
    run = cluster.play("site.yml", "--tags", "adguard_home", "-e", json.dumps(settings))
    assert run.rc != 0
    (said,) = [
        str(result.get("msg"))
        for task, _, result in run.tasks
        if result.get("failed") and task.endswith("Fail with the reason")
    ]
    assert "dropped the key dns.no_such_key when it started" in said
    assert "What was before is back in place." in said
    assert cluster.execute("olab0", *read) == before
    assert cluster.play("site.yml", "--tags", "adguard_home").succeeded().changed == set()


def test_exos_network_daemon_is_removed_and_the_addresses_come_back(cluster):
    before = cluster.execute("olab1", "ifconfig", "en2")
    cluster.execute("olab1", "/Applications/EXO.app/Contents/MacOS/EXO", "--install")
    cluster.execute("olab1", "/bin/bash", "/Library/Application Support/EXO/disable_bridge.sh")
    assert cluster.execute("olab1", "ifconfig", "en2") != before
    cluster.play("site.yml", "--limit", "olab1").succeeded()
    assert cluster.execute("olab1", "networksetup", "-getcurrentlocation").strip() == "Automatic"
    inet = [line for line in before.splitlines() if "inet " in line]
    assert [line for line in cluster.execute("olab1", "ifconfig", "en2").splitlines() if "inet " in line] == inet
    with pytest.raises(AssertionError):
        cluster.execute("olab1", "launchctl", "print", "system/io.exo.networksetup")


def test_exo_is_removed_without_a_trace_and_comes_again(cluster):
    removal = ("playbooks/uninstall.yml", "--tags", "exo,exo_models", "-e", "confirm=yes", "-e", "remove_models=yes")
    cluster.play(*removal).succeeded()
    places = "/Applications /Library/LaunchDaemons /opt/hybrid-ai /opt/hybrid-ai/* /var/log/hybrid-ai /etc/newsyslog.d"
    look = (
        f"ls -A {places} 2>/dev/null; dscl . -list /Users; dscl . -list /Groups; launchctl print-disabled system; ps ax"
    )
    assert "exo" not in cluster.execute("olab1", "sh", "-c", look).lower()
    assert cluster.play(*removal).succeeded().changed == set()
    cluster.play("site.yml").succeeded()


def test_the_workers_live_on_without_the_management_node_which_heals_without_a_run(cluster):
    site = cluster.python_site
    resolve = {
        "olab1": "dscacheutil -q host -a name $name | grep -q address",
        "gpu1": "getent hosts $name",
    }
    way = "curl -sS --noproxy '*' http://127.0.0.1:3127/"
    cluster.lab("power", "off", "olab0")
    try:
        for host, script in resolve.items():
            cluster.login(host, f"for name in exo.olab olab2.olab {site}; do {script}; done")
            cluster.login(host, f"curl -sSf --retry 2 -o /dev/null https://{site}/")
            assert "direct" in cluster.login(host, way)
        # A run goes on with everybody else, and says what it left.
        run = cluster.play("site.yml", "-e", json.dumps({"verify_fail_on_false": False}))
        assert {host for host, counted in run.stats.items() if counted["unreachable"]} == {"olab0"}
        assert [host for host, counted in run.stats.items() if counted["failures"]] == []
        assert run.changed == set()
        assert {host for task, host, _ in run.tasks if task.endswith("Measure")} == {*MACS, "gpu1"}
        assert "olab0: unreachable: 10.66.1.10 does not answer" in run.output
        assert "Without olab0, names, download cache" in run.output
    finally:
        cluster.lab("power", "on", "olab0")
    cluster.wait_for("olab0", "running")
    deadline = time.monotonic() + 120
    while not all("through the cache" in cluster.login(host, way) for host in resolve):
        assert time.monotonic() < deadline, "the cache did not come back"
        time.sleep(1)
    # The last services may still be starting.
    while (measured := cluster.play("playbooks/verify.yml")).rc != 0 and time.monotonic() < deadline:
        time.sleep(1)
    assert measured.succeeded().changed == set()


def test_a_mac_comes_back_after_a_power_failure(cluster):
    cluster.lab("power", "off", "olab3")
    cluster.lab("power", "on", "olab3")
    cluster.wait_for("olab3", "running")
    assert cluster.play("playbooks/verify.yml", "--limit", "olab3", "--tags", "macos_headless").succeeded()


def test_a_mac_with_filevault_stays_at_the_preboot_screen_until_somebody_types(cluster):
    cluster.turn_filevault_on("olab3")
    cluster.lab("power", "off", "olab3")
    cluster.lab("power", "on", "olab3")
    cluster.wait_for("olab3", "pre-boot")
    assert cluster.play("playbooks/verify.yml", "--limit", "olab3").stats["olab3"]["unreachable"] == 1
    cluster.lab("power", "unlock", "olab3")
    cluster.wait_for("olab3", "running")
    only = ("--limit", "olab3", "--tags", "macos_headless")
    false = cluster.play("playbooks/verify.yml", *only)
    assert [line["title"] for _, _, result in false.tasks for line in result.get("lines", []) if not line["ok"]] == [
        "FileVault"
    ]
    # The role turns it off, for whoever may.
    password = "{{ lookup('ansible.builtin.file', lab_directory ~ '/password') }}"
    variables = {"macos_headless_filevault_user": "admin", "macos_headless_filevault_password": password}
    cluster.play("site.yml", *only, "-e", json.dumps(variables)).succeeded()
