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
        pytest.param(PIN, "/nowhere", "cannot be fetched", id="no such source"),
        pytest.param("md5:1", None, "write sha256: and 64 hexadecimal digits", id="no checksum"),
        pytest.param("sha256:file:///nowhere", None, "file:///nowhere cannot be fetched", id="no such list"),
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


@pytest.fixture
def published(tmp_path, source):
    """A publisher's list; call it to write one and get its checksum argument."""

    def write(text):
        path = tmp_path / "sha256sums.txt"
        path.write_text(text)
        return f"sha256:file://{path}"

    return write


HEXADECIMAL = PIN.removeprefix("sha256:")
OTHER = "1" * 64


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{OTHER}  other.dmg\n{HEXADECIMAL}  source.dmg\n", id="sha256sum"),
        pytest.param(f"{HEXADECIMAL} *./source.dmg\n", id="binary mode and a directory"),
        pytest.param(f"{HEXADECIMAL}\n", id="bare"),
    ],
)
def test_what_is_published_pins_it_from_then_on(run_module, source, tmp_path, published, text):
    path = tmp_path / "releases" / "x.dmg"
    assert run_module("release_file", arguments(source, path, published(text)), check=True)["changed"]
    assert not path.exists()
    assert run_module("release_file", arguments(source, path, published(text)))["changed"]
    assert path.read_bytes() == CONTENT
    assert (path.parent / "x.dmg.sha256").read_text() == f"{HEXADECIMAL}  x.dmg\n"
    # The publisher is not asked again, and may not change its mind unnoticed.
    again = arguments(source, path, published(f"{OTHER}\n"))
    assert not run_module("release_file", again, check=True)["changed"]
    assert not run_module("release_file", again)["changed"]
    path.unlink()
    source.write_bytes(b"not what it was")
    assert "was not kept" in run_module("release_file", again)["msg"]


@pytest.mark.parametrize("text", ["", f"{OTHER}  other.dmg\n", f"{OTHER}\n{OTHER}\n", "<html>\n"])
def test_a_list_without_the_file_is_a_sentence(run_module, source, tmp_path, published, text):
    path = tmp_path / "x.dmg"
    result = run_module("release_file", arguments(source, path, published(text)))
    assert "has no checksum of source.dmg" in result["msg"]
    assert not path.exists()
