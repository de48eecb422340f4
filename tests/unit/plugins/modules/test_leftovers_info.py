# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""leftovers_info: what is there, how large it is, and how to remove it."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODELS = {"title": "models", "path": "/opt/models", "removal": "rm -r /opt/models"}
PACKAGE = {"title": "package", "package": "nftables", "removal": "apt-get purge nftables"}


def dpkg(**named: Any) -> Call:
    return call(["/usr/bin/dpkg-query", "--show", "--showformat", "${db:Status-Status}", "nftables"], **named)


def look(
    run_module: Callable[..., dict[str, Any]], candidate: dict[str, Any], *calls: Call, check: bool = False
) -> list[str]:
    result = run_module("leftovers_info", {"candidates": [candidate]}, calls, check=check)
    assert result["changed"] is False
    found: list[str] = result["leftovers"]
    return found


def test_a_folder_is_said_with_what_its_files_take(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    folder = host_files / "opt/models/org--name"
    folder.mkdir(parents=True)
    (folder / "weights").write_bytes(b"x" * 3 * 1024 * 1024)
    (folder / "elsewhere").symlink_to("/missing")
    (said,) = look(run_module, MODELS)
    assert re.fullmatch(r"models: /opt/models \(3\.\d\d MB\); rm -r /opt/models", said)


@pytest.mark.parametrize("path", ["opt", "opt/models/caches"], ids=["missing", "folders-alone"])
def test_where_there_is_no_file_nothing_is_left(
    run_module: Callable[..., dict[str, Any]], host_files: Path, path: str
) -> None:
    (host_files / path).mkdir(parents=True)
    assert look(run_module, MODELS) == []


def test_a_file(run_module: Callable[..., dict[str, Any]], host_files: Path) -> None:
    (host_files / "opt").mkdir()
    (host_files / "opt/models").write_text("")
    assert look(run_module, MODELS) == ["models: /opt/models (0.00 Bytes); rm -r /opt/models"]


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(dpkg(out="installed"), ["package: nftables; apt-get purge nftables"], id="installed"),
        pytest.param(dpkg(out="config-files"), [], id="its-configuration"),
        pytest.param(dpkg(rc=1, err="dpkg-query: no packages found matching nftables\n"), [], id="never-heard-of"),
    ],
)
def test_a_package(run_module: Callable[..., dict[str, Any]], answer: Call, found: list[str]) -> None:
    assert look(run_module, PACKAGE, answer) == found


@pytest.mark.parametrize("brought", [True, False])
@pytest.mark.parametrize("goes", [True, False])
def test_a_check_does_not_name_a_package_that_would_go(
    run_module: Callable[..., dict[str, Any]], host_files: Path, *, brought: bool, goes: bool
) -> None:
    record = host_files / "var/lib/hybrid-ai/packages.before.json"
    record.parent.mkdir(parents=True)
    known = {"nftables": {"before": "not-installed", "after": "installed"}} if brought else {}
    record.write_text(json.dumps({"packages": known}))
    candidate = {**PACKAGE, "only_if_there_before": goes}
    said = ["package: nftables; apt-get purge nftables"]
    assert look(run_module, candidate, dpkg(out="installed")) == said
    assert look(run_module, candidate, dpkg(out="installed"), check=True) == ([] if brought and goes else said)


def test_a_folder_in_which_a_disk_is_mounted(
    run_module: Callable[..., dict[str, Any]], host_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate = {"title": "emptied", "mount_point": "/opt/models", "removal": "unmount it"}
    assert look(run_module, candidate) == []
    monkeypatch.setattr(os.path, "ismount", lambda path: path == host_files / "opt/models")
    assert look(run_module, candidate) == ["emptied: /opt/models; unmount it"]


def test_a_dpkg_that_cannot_tell(run_module: Callable[..., dict[str, Any]]) -> None:
    broken = dpkg(rc=2, err="dpkg-query: error: unable to open the database")
    failed = run_module("leftovers_info", {"candidates": [PACKAGE]}, [broken])
    assert failed["msg"].startswith("dpkg-query cannot tell whether nftables is installed")
