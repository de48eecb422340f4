# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Linux and macOS have metrics under their own names, and what node_exporter lacks beside them."""

from __future__ import annotations

import time

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")
ADDRESSES = {"olab0": "10.66.1.10", "olab1": "10.66.1.11"}
COMMON = ["node_boot_time_seconds", "node_filesystem_avail_bytes", "node_network_receive_bytes_total"]
OWN = {
    "olab0": ["node_memory_MemAvailable_bytes", 'measurement_success{measurement="gpu"} 1'],
    "olab1": [
        "node_memory_wired_bytes",
        "mac_thermal_pressure_level 0",
        'mac_thunderbolt_connected{device="en2",receptacle="1"} 1',
        'mac_power_setting{setting="womp"}',
        "mac_filevault_enabled",
        "mac_filevault_pending",
    ],
}


@pytest.fixture
def name(host):
    return host.backend.host.name


def page(host, name: str) -> str:
    return host.check_output(f"curl --silent --fail http://{ADDRESSES[name]}:9200/metrics")


def test_every_figure_is_there(host, name):
    deadline = time.monotonic() + 60
    while missing := [figure for figure in COMMON + OWN[name] if figure not in page(host, name)]:
        assert time.monotonic() < deadline, missing
        time.sleep(1)


def test_what_was_left_out_is_not_there(host, name):
    assert "node_load1" not in page(host, name)


def test_it_is_reached_at_its_address_and_port_alone(host, name):
    assert host.run("curl --silent --max-time 3 http://127.0.0.1:9200/").rc == 7
    assert host.run(f"curl --silent --max-time 3 http://{ADDRESSES[name]}:9100/").rc == 7


def test_it_runs_as_its_own_user(host, name):
    number = host.check_output("id -u _nodeexporter")
    lines = host.check_output("ps ax -o uid= -o command= | grep '[-]-web.listen-address'").splitlines()
    assert {line.split()[0] for line in lines} == {number}
    if name == "olab1":
        assert number == "482"
