# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that is killed in a random task converges on the next one.

FAULT_ROUNDS says how often; once for each part unless told. Each round takes another part of the site, and together
they are all of it; with FAULT_WHOLE=4 every fourth round takes the whole.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest

from tests.run.stages import THIRDS
from tests.site.parts import parts

ROUNDS = int(os.environ.get("FAULT_ROUNDS", THIRDS))
SEED = int(os.environ.get("FAULT_SEED", "20"))

PARTS = parts(THIRDS)
WHOLE = int(os.environ.get("FAULT_WHOLE", "0"))


def count_tasks(cluster, *arguments: str) -> int:
    """Return how many tasks a run has at least: those that are known before it."""
    argv = cluster.argv("site.yml", *arguments, "--list-tasks")
    listed = subprocess.run(argv, env=cluster.environment, capture_output=True, text=True, check=True)
    return sum("TAGS:" in line and not line.lstrip().startswith("play #") for line in listed.stdout.splitlines())


def run_until(process: subprocess.Popen[str], task: int) -> str:
    """Read what a run prints until it has begun its task of a number, or has ended; return the task's name."""
    begun = 0
    for line in process.stdout:
        if line.startswith("TASK ["):
            begun += 1
            if begun == task:
                return line.strip(" *\n")
    return "the end"


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_a_killed_run_converges_on_the_next(managed, round_number):
    whole = WHOLE and round_number % WHOLE == 0
    part = [] if whole else ["--tags", PARTS[round_number % len(PARTS)]]
    chance = random.Random(SEED + round_number)
    process = managed.start("site.yml", *part)
    killed = run_until(process, chance.randint(1, count_tasks(managed, *part)))
    time.sleep(chance.random())  # somewhere in the task
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    managed.play("site.yml", *part).succeeded()
    assert managed.play("site.yml", *part).succeeded().changed == set(), f"killed in {killed}"
