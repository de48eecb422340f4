# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Mac that is reached over Wi-Fi: its settings go there, and nothing takes the connection away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lab_hosts import lab_hosts

ROOT = Path(__file__).parents[3]
INVENTORY = str(Path(__file__).parents[1] / "inventory")
testinfra_hosts = lab_hosts("olab3")


def test_its_address_is_wifi_s(host):
    assert "inet 10.66.1.13 " in host.check_output("ifconfig en1")
    assert "inet " not in host.check_output("ifconfig en0")


@pytest.mark.parametrize(
    ("verb", "there", "elsewhere"),
    [
        ("-getdnsservers", "10.66.1.10\n10.66.1.1", "There aren't any DNS Servers set on Ethernet."),
        ("-getwebproxy", "Enabled: Yes\nServer: 127.0.0.1", "Enabled: No\nServer: "),
        ("-getsecurewebproxy", "Enabled: Yes\nServer: 127.0.0.1", "Enabled: No\nServer: "),
    ],
)
def test_name_servers_and_proxies_are_wifi_s(host, verb, there, elsewhere):
    assert host.check_output(f"networksetup {verb} Wi-Fi").startswith(there)
    assert host.check_output(f"networksetup {verb} Ethernet").startswith(elsewhere)


def test_wifi_is_not_switched_off_under_the_connection(host):
    arguments = "wifi=false connection_address={{ ansible_host }}"
    refused = subprocess.run(
        ["ansible", "olab3", "-i", INVENTORY, "--become", "-m", "hybrid_ai.cluster.macos_headless", "-a", arguments],
        cwd=ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Wi-Fi stays on, because the connection to 10.66.1.13 runs over en1" in refused.stdout
    assert "On" in host.check_output("networksetup -getairportpower en1")
