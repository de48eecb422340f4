# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at a random moment converges on the next one. FAULT_ROUNDS says how often; 3 unless told."""

from __future__ import annotations

import os
import random
import signal
import subprocess

import pytest

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
SEED = int(os.environ.get("FAULT_SEED", "20"))


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_killed_run_converges_on_the_next(cluster, story, round_number):
    # Anywhere in a run on bare hosts.
    moment = random.Random(SEED + round_number).uniform(0.05, 0.95) * story["first_seconds"]
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
