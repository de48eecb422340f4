# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``powermetrics``: for root only, one sample as a property list that ends with a zero byte."""

from __future__ import annotations

import plistlib

SAMPLE = ("--samplers", "cpu_power,gpu_power,thermal", "-n", "1", "-i", "10", "-f", "plist")


def test_only_root_may(mac):
    result = mac.run("powermetrics", *SAMPLE, uid=501)
    assert (result.rc, result.err) == (1, "powermetrics must be invoked as the superuser\n")


def test_a_sample(mac):
    result = mac.run("powermetrics", *SAMPLE, uid=0)
    assert result.out.endswith("\0")
    sample = plistlib.loads(result.out.rstrip("\0").encode())
    assert sample["thermal_pressure"] == "Nominal"
    assert sample["processor"]["cpu_energy"] == 2


def test_an_unknown_sampler(mac):
    assert mac.run("powermetrics", "--samplers", "smc", uid=0).rc == 64
