# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What ends comes back by itself: a program that is killed, and everything after a power failure."""

from __future__ import annotations

import subprocess

import pytest

from tests.lab_hosts import close

from .services import USERS, runner

# What each answers when it can do its work.
PAGES = {
    "adguard-home": "10.66.1.10:8053/control/status",
    "alertmanager": "127.0.0.1:9093/-/ready",
    "cluster-exporter": "127.0.0.1:9108/metrics",
    "grafana": "10.66.1.10:3000/api/health",
    "node-exporter": "10.66.1.10:9100/",
    "prometheus": "127.0.0.1:9090/-/ready",
    "release-store": "10.66.1.10:8098/",
    "squid": "10.66.1.10:3128/squid-internal-mgr/info",
}


def answers(manager, name: str) -> bool:
    """Tell whether a service answers; a page that wants a password is an answer."""
    words = "curl --silent --max-time 5 --output /dev/null --write-out '%%{http_code}' %s"
    try:
        return manager.run(words, f"http://{PAGES[name]}").stdout in {"200", "401"}
    except RuntimeError:
        # Nobody can log in yet.
        return False


@pytest.mark.parametrize("name", ["adguard-home", "prometheus", "squid"])
def test_launchd_starts_again_what_is_killed(manager, wait, name):
    before = runner(manager, name)
    manager.check_output("pkill -9 -u %s", USERS[name])
    wait(lambda: answers(manager, name), f"{name} answers")
    assert runner(manager, name) != before


def test_names_are_known_again_after_the_dns_server_was_killed(manager, workers):
    assert "10.66.1.10" in workers["olab3"].check_output("dscacheutil -q host -a name prometheus.olab")


def test_all_of_it_is_back_after_a_power_failure(manager, wait):
    for switch in ("off", "on"):
        subprocess.run(["lab", "power", switch, "olab0"], check=True)
    close(manager)
    for name in PAGES:
        wait(lambda name=name: answers(manager, name), f"{name} answers", 120)
