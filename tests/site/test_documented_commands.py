# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Commands of the documentation that need a lab do what they say, in their order."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import states
from tests.documentation import ROOT, runs


@pytest.fixture(scope="module")
def environment():
    states.managed()
    yield {**os.environ, "LAB_NAME": states.lab_name(), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    states.lab("forget", "desk", check=False)


@pytest.mark.parametrize("command", runs("lab"))
def test_a_command(environment, command):
    argv = ["bash", "-c", command]
    done = subprocess.run(
        argv, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
