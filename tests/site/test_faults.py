# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed at a random moment converges on the next one.

FAULT_ROUNDS says how often; 3 unless told. Each round then takes another part of the site, and together they are all of
it; with FAULT_WHOLE, as in `make faults`, every round takes the whole.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess

import pytest

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
SEED = int(os.environ.get("FAULT_SEED", "20"))
PARTS = [
    "release_store,macos_headless,thunderbolt,firewall,exo",
    "release_store,adguard_home,dns_client,cache",
    "release_store,adguard_home,dns_client,monitoring,haproxy",
]
WHOLE = bool(os.environ.get("FAULT_WHOLE"))


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_killed_run_converges_on_the_next(cluster, story, round_number):
    part = [] if WHOLE else ["--tags", PARTS[round_number % len(PARTS)]]
    # Anywhere in a run on bare hosts, of which a part takes its share.
    seconds = story["first_seconds"] / (1 if WHOLE else len(PARTS))
    moment = random.Random(SEED + round_number).uniform(0.05, 0.95) * seconds
    cluster.lab("reset")
    cluster.bootstrap()
    process = cluster.start("site.yml", *part)
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    cluster.play("site.yml", *part).succeeded()
    assert cluster.play("site.yml", *part).succeeded().changed == set(), f"killed after {moment:.1f} s"
