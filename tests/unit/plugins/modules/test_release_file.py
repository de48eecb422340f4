# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""release_file: real files, fetched by file:// addresses."""

from __future__ import annotations

import hashlib

import pytest

CONTENT = b"a release"
PIN = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.dmg"
    path.write_bytes(CONTENT)
    return path


def arguments(source, path, checksum=PIN):
    return {"url": f"file://{source}", "path": str(path), "checksum": checksum}


@pytest.mark.parametrize("before", [None, b"another release"], ids=["missing", "other content"])
def test_fetches(run_module, source, tmp_path, before):
    path = tmp_path / "releases" / "x.dmg"
    if before:
        path.parent.mkdir()
        path.write_bytes(before)
    result = run_module("release_file", arguments(source, path))
    assert result["changed"]
    assert path.read_bytes() == CONTENT
    assert result["size"] == len(CONTENT)
    assert [entry.name for entry in path.parent.iterdir()] == ["x.dmg"]


def test_leaves_the_right_file_alone_and_asks_no_server(run_module, tmp_path):
    path = tmp_path / "x.dmg"
    path.write_bytes(CONTENT)
    assert not run_module("release_file", arguments("/nowhere", path))["changed"]


def test_check_mode_predicts_and_asks_no_server(run_module, tmp_path):
    path = tmp_path / "x.dmg"
    result = run_module("release_file", arguments("/nowhere", path), check=True)
    assert result["changed"]
    assert not path.exists()


@pytest.mark.parametrize(
    ("checksum", "url", "sentence"),
    [
        pytest.param("sha256:" + "0" * 64, None, "was not kept", id="wrong checksum"),
        pytest.param(PIN, "/nowhere", "reach it, name a mirror of it, or put the file at", id="no such source"),
        pytest.param("md5:1", None, "write sha256: and 64 hexadecimal digits", id="no checksum"),
        pytest.param("sha256:" + "0" * 63, None, "write sha256: and 64 hexadecimal digits", id="a digit less"),
        pytest.param("sha256:", None, "write sha256: and 64 hexadecimal digits", id="no digits"),
    ],
)
def test_failure_is_a_sentence_and_loses_nothing(run_module, source, checksum, url, sentence):
    path = source.parent / "x.dmg"
    path.write_bytes(b"what was there")
    result = run_module("release_file", arguments(url or source, path, checksum))
    assert result["failed"]
    assert sentence in result["msg"]
    assert path.read_bytes() == b"what was there"
    assert sorted(entry.name for entry in source.parent.iterdir()) == ["source.dmg", "x.dmg"]


def test_where_a_caller_knows_better_what_helps_it_says_so(run_module, tmp_path):
    asked = {**arguments("/nowhere", tmp_path / "x.dmg"), "otherwise": "Start what serves it."}
    assert run_module("release_file", asked)["msg"].endswith(". Start what serves it.")


@pytest.mark.parametrize("scheme", ["file", "http", "https"])
@pytest.mark.parametrize("check", [False, True], ids=["for real", "check mode"])
def test_a_list_that_the_server_could_change_pins_nothing(run_module, source, tmp_path, scheme, check):
    listed, path = tmp_path / "sha256sums.txt", tmp_path / "releases/x.dmg"
    listed.write_text(f"{PIN.removeprefix('sha256:')}  source.dmg\n")
    result = run_module("release_file", arguments(source, path, f"sha256:{scheme}://{listed}"), check=check)
    assert result["failed"]
    assert f"which `curl -fsSL {scheme}://{listed}` shows" in result["msg"]
    assert not path.parent.exists()


@pytest.mark.parametrize("record", [f"{PIN[7:]}  x.dmg\n", "", "nonsense", b"\xff\xfe"])
def test_a_checksum_beside_the_file_decides_nothing(run_module, source, tmp_path, record):
    path = tmp_path / "x.dmg"
    path.with_name("x.dmg.sha256").write_bytes(record if isinstance(record, bytes) else record.encode())
    result = run_module("release_file", arguments(source, path, "sha256:https://example.org/sha256sums.txt"))
    assert "whoever serves a file can change its list too" in result["msg"]
    assert not path.exists()
    assert run_module("release_file", arguments(source, path))["changed"]
    assert path.read_bytes() == CONTENT


def test_digits_of_either_case(run_module, source, tmp_path):
    path = tmp_path / "x.dmg"
    path.write_bytes(CONTENT)
    assert not run_module("release_file", arguments(source, path, f"sha256:{PIN[7:].upper()}"))["changed"]
