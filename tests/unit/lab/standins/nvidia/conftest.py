# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The stand-ins of the driver's programs, as they run on a guest."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import proof

from lab.standins.nvidia.libcuda import build
from tests import nvidia_host

if TYPE_CHECKING:
    from collections.abc import Callable

PROGRAM = Path(build.__file__).parents[1] / "smi/nvidia-smi"


@pytest.fixture
def smi(tmp_path) -> Callable[..., tuple[int, str]]:
    """Run nvidia-smi on a host in a state, and return its exit status and what it printed."""

    def run(state: dict[str, Any], *arguments: str) -> tuple[int, str]:
        path = tmp_path / "state.json"
        path.write_text(json.dumps(state), encoding="utf-8")
        environment = {**os.environ, "HYBRID_LAB_NVIDIA": str(path)}
        done = subprocess.run([PROGRAM, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


@pytest.fixture(scope="session")
def library(tmp_path_factory) -> Callable[[str], Path]:
    """Return a directory with libcuda.so.1 of a version."""
    if build.compiler() is None:
        pytest.skip("there is no C compiler here")
    made: dict[str, Path] = {}

    def of(version: str) -> Path:
        if version not in made:
            made[version] = build.build(tmp_path_factory.mktemp("libcuda"), version).parent
        return made[version]

    return of


class Guest(Commands):
    """Runs the stand-ins themselves; the kernel's log is a text, and becoming another user is left out."""

    def __init__(self, log: str) -> None:
        self.log = log
        self.attempts: list[list[str]] = []

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        if argv[0] in {"journalctl", "dmesg"}:
            return Result(0, self.log)
        if stdin is not None:
            self.attempts.append(argv)
        return super().run([str(PROGRAM), *argv[1:]] if argv[0] == "nvidia-smi" else argv, stdin, timeout)


@pytest.fixture
def prove(tmp_path, monkeypatch, library) -> Callable[..., proof.Proof]:
    """Prove what a simulated host computes."""

    def run(
        state: dict[str, Any], log: str = "", held_by: str | None = None, time_limit: int = 20, **options: Any
    ) -> proof.Proof:
        path = nvidia_host.write(tmp_path, state, held_by)
        monkeypatch.setattr(_files, "ROOT", str(tmp_path))
        monkeypatch.setenv("HYBRID_LAB_NVIDIA", str(path))
        where = library(state["library"]) if state["library"] else tmp_path / "nothing"
        monkeypatch.setenv("LD_LIBRARY_PATH", str(where))
        run.guest = Guest(log)
        return proof.prove(proof.Attempt(run.guest, time_limit), **options)

    return run
