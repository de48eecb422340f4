# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every lock file of hosts has a wheel of every package, for each platform and Python that a host may have.

So nothing is ever compiled, on a Mac least of all. The real package index is asked; nothing is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LOCKS = sorted(ROOT.glob("roles/*/files/*.txt"))
# macOS 15, and the oldest C library that is served: that of Ubuntu 22.04.
MACOS, LINUX = "aarch64-apple-darwin", ("x86_64-manylinux_2_35", "aarch64-manylinux_2_35")
PYTHONS = ("3.11", "3.12", "3.13")
# Where a program has an environment; everywhere unless it says otherwise. exo is built on Linux for one processor and
# one Python, and vLLM computes on NVIDIA cards.
WHERE = {"exo": (LINUX[:1], ("3.13",)), "vllm": (LINUX, PYTHONS)}


def resolve(lock, platform, python, target):
    options = ["--dry-run", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(target)]
    return subprocess.run(
        [
            *(Path(sys.executable).with_name("uv"), "pip", "install", *options),
            *("--python-platform", platform, "--python-version", python, "--requirement", lock),
        ],
        env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": "15.0"},
        capture_output=True,
        text=True,
        check=False,
    )


CASES = [
    pytest.param(lock, platform, python, id=f"{lock.parts[-3]}-{platform}-{python}")
    for lock in LOCKS
    for platforms, pythons in [WHERE.get(lock.parts[-3], ((MACOS, *LINUX), PYTHONS))]
    for platform in platforms
    for python in pythons
]


@pytest.mark.parametrize(("lock", "platform", "python"), CASES)
def test_every_package_is_there_as_a_wheel(lock, platform, python, tmp_path):
    done = resolve(lock, platform, python, tmp_path / "target")
    assert done.returncode == 0, done.stderr
    assert "Would install" in done.stderr
