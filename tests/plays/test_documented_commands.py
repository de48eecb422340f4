# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Commands of the documentation that need no other machine do what they say, in a copy of the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.checkout import copy_to
from tests.documentation import runs


def test_commands_in_their_order(tmp_path):
    checkout = copy_to(tmp_path / "checkout")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for command in runs("here"):
        argv = ["bash", "-c", command]
        done = subprocess.run(argv, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
