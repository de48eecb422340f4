# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The management node hands out its releases, on its own address only, and takes nothing."""

from __future__ import annotations

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
URL = "http://10.66.1.10:8098/"


def test_it_hands_out_a_file(host):
    host.run("echo release > /opt/hybrid-ai/releases/test-release")
    assert host.check_output(f"curl -s {URL}test-release") == "release"
    host.run("rm /opt/hybrid-ai/releases/test-release")


def test_it_takes_nothing(host):
    assert host.check_output(f"curl -s -o /dev/null -w '%{{http_code}}' -T /etc/hostname {URL}x") == "501"


def test_it_listens_on_no_other_address(host):
    assert host.run("curl -s --max-time 2 http://127.0.0.1:8098/").rc == 7


def test_it_cannot_write_what_it_serves(host):
    assert host.run("sudo -u _releases touch /opt/hybrid-ai/releases/x").rc != 0
