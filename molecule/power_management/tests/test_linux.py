# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Linux host gets the program that tells its card, and has told it, now and at every boot."""

from __future__ import annotations

import subprocess
import time

from tests.lab_hosts import close, lab_hosts

testinfra_hosts = lab_hosts("gpu1")
LINK_FILE = "/etc/systemd/network/00-hybrid-ai-wake.link"


def test_its_card_is_told_that_a_packet_may_wake_it(host):
    assert host.package("ethtool").is_installed
    assert "\tWake-on: g\n" in host.check_output("ethtool eth0") + "\n"


def test_it_is_told_so_again_at_a_boot(host):
    assert "WakeOnLan=magic" in host.file(LINK_FILE).content_string.splitlines()
    close(host)
    for order in ("off", "on"):
        subprocess.run(["lab", "power", order, "gpu1"], check=True)
    deadline = time.monotonic() + 120
    while "\tWake-on: g\n" not in (said := card()):
        assert time.monotonic() < deadline, said
        time.sleep(1)


def card():
    """Return what the card says, past SSH: nothing before the host is up."""
    argv = ["lab", "exec", "gpu1", "--", "ethtool", "eth0"]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout
