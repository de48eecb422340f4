# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import hashlib
import json
import plistlib
import tarfile
from typing import TYPE_CHECKING

import pytest

from lab.standins.exo import bundle, image

if TYPE_CHECKING:
    from pathlib import Path

CLI = "EXO.app/Contents/Resources/exo/exo"


def test_same_tree_same_bytes(tmp_path: Path) -> None:
    first = image.build(tmp_path / "a")
    second = image.build(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["EXO-1.0.71.dmg"]


def test_volume(tmp_path: Path) -> None:
    with tarfile.open(image.build(tmp_path)) as archive:
        first, *others = archive.getmembers()
        content = archive.extractfile(first)
        assert content is not None
        assert (first.name, json.load(content)) == (".volume.json", {"volume_name": "EXO"})
        names = {member.name: member for member in others}
    assert names["Applications"].linkname == "/Applications"
    assert names[CLI].mode == 0o755
    assert {member.uname for member in others} == {"root"}
    assert len({member.mtime for member in others}) == 1
    assert not [name for name in names if "__pycache__" in name]


@pytest.mark.parametrize("version", ["1.0.71", "1.0.72"])
def test_information(version: str) -> None:
    information = plistlib.loads(bundle.information(version))
    assert information["CFBundleIdentifier"] == "exolabs.EXO"
    assert information["CFBundleShortVersionString"] == version
    assert information["EXOBuildTag"] == version


def test_versions_differ(tmp_path: Path) -> None:
    images = {image.build(tmp_path, version).read_bytes() for version in ("1.0.71", "1.0.72")}
    assert len(images) == 2


def test_seal_covers_every_file() -> None:
    files = bundle.contents("1.0.71")
    seal = plistlib.loads(files["Contents/_CodeSignature/CodeResources"].data)["files2"]
    covered = {f"Contents/{path}" for path in seal}
    assert set(files) - covered == {"Contents/Info.plist", "Contents/_CodeSignature/CodeResources"}
    cli = files["Contents/Resources/exo/exo"].data
    assert seal["Resources/exo/exo"]["hash2"] == hashlib.sha256(cli).digest()
