# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A store hands out what lies elsewhere than usual, on its own address only, and takes nothing."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0", "olab1")
ADDRESSES = {"olab0": "10.66.1.10", "olab1": "10.66.1.11"}


@pytest.fixture
def url(host) -> str:
    return f"http://{ADDRESSES[host.backend.host.name]}:8198/"


def test_it_hands_out_a_file(host, url):
    host.check_output("echo release > /opt/cluster/releases/test-release")
    assert host.check_output(f"curl -s {url}test-release") == "release"
    host.check_output("rm /opt/cluster/releases/test-release")


def test_it_takes_nothing(host, url):
    assert host.check_output(f"curl -s -o /dev/null -w '%{{http_code}}' -T /etc/hosts {url}x") == "501"


def test_it_listens_at_no_other_address_and_port(host, url):
    assert host.run("curl -s --max-time 2 http://127.0.0.1:8198/").rc == 7
    assert host.run(f"curl -s --max-time 2 {url.replace('8198', '8098')}").rc == 7


def test_it_cannot_write_what_it_serves(host):
    assert host.run("sudo -u _releases touch /opt/cluster/releases/x").rc != 0


def test_its_places_are_elsewhere(host):
    assert host.file("/opt/cluster/release-store").user == "_releases"
    assert "release" not in host.run("ls /opt/hybrid-ai").stdout


def test_its_user_has_the_number_that_is_wanted_on_a_mac(host):
    if host.backend.host.name == "olab1":
        assert host.check_output("id -u _releases") == "483"
