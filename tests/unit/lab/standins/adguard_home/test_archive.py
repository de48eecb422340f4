# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The archives of the AdGuard Home stand-in: named, filled and summed up as the release's."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from lab.standins.adguard_home import archive

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("archives")
    archive.build(made)
    return made


def test_checksums(directory: Path) -> None:
    lines = (directory / "checksums.txt").read_text().splitlines()
    assert [line.partition("  ./")[2] for line in lines] == list(archive.PLATFORMS)
    for line in lines:
        checksum, _, name = line.partition("  ./")
        assert hashlib.sha256((directory / name).read_bytes()).hexdigest() == checksum


def test_the_same_sources_give_the_same_bytes(directory: Path, tmp_path: Path) -> None:
    archive.build(tmp_path)
    for path in directory.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


@pytest.mark.parametrize("name", list(archive.PLATFORMS))
def test_one_program_in_a_folder(directory: Path, tmp_path: Path, name: str) -> None:
    path = directory / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path) as opened:
            (member,) = opened.infolist()
            mode, content = member.external_attr >> 16, opened.read(member)
        assert member.filename == archive.PROGRAM
    else:
        with tarfile.open(path) as opened:
            (entry,) = opened.getmembers()
            stream = opened.extractfile(entry)
            assert stream
            mode, content = entry.mode, stream.read()
        assert entry.name == f"./{archive.PROGRAM}"
    assert mode & 0o777 == 0o755
    assert content.startswith(f"#!{archive.PLATFORMS[name]} ".encode())
    program = tmp_path / "AdGuardHome"
    program.write_bytes(content)
    done = subprocess.run([sys.executable, "-I", program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "AdGuard Home, version v0.107.79\n"
