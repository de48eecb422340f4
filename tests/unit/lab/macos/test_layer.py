# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The layer: what can be checked without mounting it."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath

import pytest

from lab.macos import layer, python_artifact
from lab.macos.programs import DIRECT, RENAMED, WRAPPED
from lab.macos.simulator.tool import find_aliases


def test_every_tool_has_paths_and_every_alias_is_known() -> None:
    paths = layer.tool_paths()
    aliases = {
        PurePosixPath(path).name: module
        for module, places in paths.items()
        for path in places
        if PurePosixPath(path).name.replace("-", "_") != module
    }
    assert aliases == find_aliases()
    every = [path for places in paths.values() for path in places]
    assert len(every) == len(set(every))
    assert all(path.startswith("/") for path in every)


def test_programs_are_named_once() -> None:
    shown = [
        f"{directory}/{name}" for table in (DIRECT, WRAPPED) for directory, names in table.items() for name in names
    ]
    simulated = {path for places in layer.tool_paths().values() for path in places}
    assert len(shown) == len(set(shown))
    assert not simulated & {*shown, *RENAMED}


@pytest.mark.parametrize(
    ("path", "target"),
    [
        pytest.param("/usr/bin/plain", "usr/bin/plain", id="plain"),
        pytest.param("/usr/bin/relative", "usr/bin/plain", id="relative link"),
        pytest.param("/usr/bin/absolute", "usr/bin/plain", id="absolute link stays inside"),
        pytest.param("/bin/plain", "usr/bin/plain", id="linked directory"),
        pytest.param("/usr/bin/chain", "usr/bin/plain", id="link to a link"),
    ],
)
def test_resolve(tmp_path: Path, path: str, target: str) -> None:
    directory = tmp_path / "usr/bin"
    directory.mkdir(parents=True)
    (directory / "plain").touch()
    (directory / "relative").symlink_to("plain")
    (directory / "absolute").symlink_to("/usr/bin/plain")
    (directory / "chain").symlink_to("/bin/absolute")
    (tmp_path / "bin").symlink_to("usr/bin")
    assert layer.resolve(tmp_path, Path(path)) == tmp_path / target


def test_resolve_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("a")
    with pytest.raises(OSError, match="too many links"):
        layer.resolve(tmp_path, Path("/a"))


@pytest.fixture
def base(tmp_path: Path) -> Path:
    root = tmp_path / "base"
    for name, text in {
        "usr/bin/python3.11": "ELF",
        "usr/lib/python3.11/os.py": "import sys",
        "usr/lib/python3.11/test/x.py": "",
        "usr/lib/python3.11/__pycache__/os.pyc": "",
        "usr/lib/python3.11/config-3.11-x/Makefile": "",
        "var/lib/dpkg/status": "Package: python3.11-minimal\nVersion: 3.11.2-6\n\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "usr/lib/python3.11/linked.py").symlink_to("/usr/lib/python3.11/os.py")
    return root


def test_python_artifact(base: Path, tmp_path: Path) -> None:
    first = python_artifact.build(base, tmp_path / "one")
    (base / "usr/lib/python3.11/os.py").touch()
    second = python_artifact.build(base, tmp_path / "two")
    assert first.name == "cpython-3.11.2-lab.tar.gz"
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        members = {member.name: member for member in archive}
    assert sorted(members) == [
        "python/bin/python",
        "python/bin/python3",
        "python/bin/python3.11",
        "python/lib/python3.11/linked.py",
        "python/lib/python3.11/os.py",
        "python/lib/python3.11/sitecustomize.py",
    ]
    assert members["python/bin/python3.11"].mode == 0o755
    assert members["python/bin/python3"].linkname == "python3.11"
