# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""NVIDIA's own assembler takes the program of the proof for every generation of cards, from Volta to Blackwell."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import cuda

from tests.collection import ROOT

BUILD = ROOT / "build"
# The last toolkit that knows Volta, and the newest there is. Neither needs a driver or a card.
TOOLKITS = {"12": "nvidia-cuda-nvcc-cu12==12.9.86", "13": "nvidia-cuda-nvcc==13.5.37"}
SINCE_TURING = ["75", "80", "86", "89", "90", "100", "103", "120", "121"]
CASES = [*(("12", version) for version in ["70", *SINCE_TURING]), *(("13", version) for version in SINCE_TURING)]


@pytest.fixture(scope="module")
def assemblers():
    """Return ptxas of each toolkit, each from an environment of its own."""
    found = {}
    for name, requirement in TOOLKITS.items():
        venv = BUILD / f"cuda-{name}"
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [venv / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, requirement], check=True)
        (found[name],) = venv.glob("lib/python*/site-packages/nvidia/*/bin/ptxas")
        found[name].chmod(0o755)
    return found


def assemble(program, text, version, directory):
    source, target = directory / "proof.ptx", directory / "proof.cubin"
    source.write_bytes(text)
    argv = [program, f"--gpu-name=sm_{version}", "--warning-as-error", "--output-file", target, source]
    return subprocess.run(argv, capture_output=True, text=True, check=False), target


@pytest.mark.parametrize(("toolkit", "version"), CASES, ids="-".join)
def test_the_program_is_assembled(assemblers, tmp_path, toolkit, version):
    done, target = assemble(assemblers[toolkit], cuda.PTX, version, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert cuda.ENTRY in target.read_bytes()


def test_another_program_is_refused(assemblers, tmp_path):
    done, _ = assemble(assemblers["12"], cuda.PTX.replace(b"red.global.add.u32", b"red.global.add.s9"), "70", tmp_path)
    assert done.returncode != 0
