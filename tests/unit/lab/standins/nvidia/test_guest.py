# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is written to a host's disk runs there: from its own directory, without the checkout."""

from __future__ import annotations

import ctypes
import subprocess
from types import SimpleNamespace

from lab.standins.nvidia import guest


def test_the_programs_of_a_host_run_without_the_checkout(tmp_path, library, monkeypatch):
    def write(path, text, mode=0o644):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text.replace('"/usr/local', f'"{tmp_path}/usr/local'), encoding="utf-8")
        target.chmod(mode)

    guest.install(SimpleNamespace(upper=tmp_path, write=write))
    listed = subprocess.run(
        [tmp_path / "usr/local/lib/hybrid-lab-nvidia/smi/nvidia-smi", "-L"], capture_output=True, text=True, check=True
    )
    assert listed.stdout.startswith("GPU 0: NVIDIA GeForce RTX 4080 SUPER")
    assert ctypes.CDLL(str(tmp_path / "usr/local/lib/hybrid-lab-nvidia/libcuda.so.1")).cuInit(0) == 0
