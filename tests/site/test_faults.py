# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at a random moment converges on the next one. FAULT_ROUNDS says how often; 3 unless told."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
SEED = int(os.environ.get("FAULT_SEED", "20"))


@pytest.fixture(scope="module")
def first_run_seconds(cluster):
    """Measure how long a run on bare hosts takes: a kill falls anywhere in it."""
    cluster.lab("reset")
    cluster.bootstrap()
    start = time.monotonic()
    cluster.play("site.yml").succeeded()
    return time.monotonic() - start


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_killed_run_converges_on_the_next(cluster, first_run_seconds, round_number):
    moment = random.Random(SEED + round_number).uniform(0.05, 0.95) * first_run_seconds
    cluster.lab("reset")
    cluster.bootstrap()
    process = cluster.start("site.yml")
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    cluster.play("site.yml").succeeded()
    assert cluster.play("site.yml").succeeded().changed == set(), f"killed after {moment:.1f} s"
