# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three Macs in a ring over macOS's bridge really loop in the lab, and do not after the role."""

from __future__ import annotations

import time


def packets(cluster, host: str) -> int:
    """Return how many packets the Thunderbolt ports of a host have taken in."""
    counters = cluster.execute(
        host, "sh", "-c", "cat /sys/class/net/en2/statistics/rx_packets /sys/class/net/en3/statistics/rx_packets"
    )
    return sum(int(number) for number in counters.split())


def rate(cluster, host: str, seconds: float = 3.0) -> float:
    """Return packets per second over a while."""
    before, start = packets(cluster, host), time.monotonic()
    time.sleep(seconds)
    return (packets(cluster, host) - before) / (time.monotonic() - start)


def test_a_ring_on_the_bridge_loops_until_the_role_has_run(managed):
    managed.execute("olab1", "sh", "-c", "ping -c 2 -b 169.254.255.255 >/dev/null 2>&1; true")
    looping = rate(managed, "olab2")
    assert looping > 100, f"{looping:.0f} packets per second do not look like a loop"
    managed.play("site.yml", "--tags", "thunderbolt").succeeded()
    assert rate(managed, "olab2") < looping / 10
