# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archives of the stand-in are laid out as those of the release, and any zstd unpacks them."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile

import pytest

from lab.standins.ollama import archive

zstd = pytest.mark.skipif(not shutil.which("zstd"), reason="there is no zstd here")


@zstd
@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 128 * 1024 + 1, 300_000])
def test_a_frame_is_one_of_zstd(size):
    plain = bytes(number % 251 for number in range(size))
    done = subprocess.run(["zstd", "-d", "-q", "-c"], input=archive.frame(plain), capture_output=True, check=True)
    assert done.stdout == plain


@zstd
def test_on_linux_the_program_is_below_bin_and_on_a_mac_it_is_not(tmp_path):
    archive.build(tmp_path)
    (folder,) = tmp_path.iterdir()
    names = {}
    for path in folder.iterdir():
        plain = path.read_bytes()
        if path.suffix == ".zst":
            plain = subprocess.run(["zstd", "-d", "-q", "-c", str(path)], capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(plain)) as packed:
            names[path.name] = packed.getnames()
    assert names == {
        "ollama-linux-amd64.tar.zst": ["./bin/ollama"],
        "ollama-linux-arm64.tar.zst": ["./bin/ollama"],
        "ollama-darwin.tgz": ["./ollama"],
    }
