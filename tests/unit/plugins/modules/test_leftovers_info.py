# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""leftovers_info: what is there, how large it is, and how to remove it."""

from __future__ import annotations

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


def look(run_module: Callable[..., dict[str, Any]], candidate: dict[str, str], *calls: Call) -> list[str]:
    result = run_module("leftovers_info", {"candidates": [candidate]}, calls)
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
