# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""plutil: conversions, key paths, errors."""

from __future__ import annotations

import json
import plistlib

import pytest

CONTENT = {"n": 5, "s": "x", "b": True, "l": ["a", {"k": "v"}], "d": {"a.b": 1}}


@pytest.fixture
def file(mac) -> str:
    mac.write("/private/tmp/f.plist", plistlib.dumps(CONTENT).decode())
    return "/private/tmp/f.plist"


@pytest.mark.parametrize(
    ("path", "form", "out"),
    [
        pytest.param("n", "raw", "5\n", id="integer"),
        pytest.param("b", "raw", "true\n", id="bool"),
        pytest.param("s", "raw", "x\n", id="string"),
        pytest.param("l", "raw", "2\n", id="an array is its length"),
        pytest.param("d", "raw", "a.b\n", id="a dictionary is its keys"),
        pytest.param("l.1.k", "raw", "v\n", id="key path"),
        pytest.param("d.a\\.b", "raw", "1\n", id="dot in a key"),
    ],
)
def test_extract(mac, file: str, path: str, form: str, out: str) -> None:
    result = mac.run("plutil", "-extract", path, form, file)
    assert (result.rc, result.out) == (0, out)


def test_extract_json(mac, file: str) -> None:
    assert mac.run("plutil", "-extract", "l", "json", "-o", "-", file).out == '["a",{"k":"v"}]'


def test_extract_missing(mac, file: str) -> None:
    result = mac.run("plutil", "-extract", "k", "raw", file)
    text = "Could not extract value, error: No value at that key path or invalid key path: k"
    assert (result.rc, text in result.out + result.err) == (1, True)


@pytest.mark.parametrize("form", ["xml1", "binary1", "json"])
def test_convert(mac, file: str, form: str) -> None:
    assert mac.run("plutil", "-convert", form, file).rc == 0
    data = mac.path(file).read_bytes()
    assert (json.loads(data) if form == "json" else plistlib.loads(data)) == CONTENT
    assert data.startswith(b"bplist") is (form == "binary1")


def test_convert_to_standard_output(mac, file: str) -> None:
    assert plistlib.loads(mac.run("plutil", "-convert", "xml1", "-o", "-", file).out.encode()) == CONTENT


def test_convert_from_standard_input(mac) -> None:
    assert (
        mac.run("plutil", "-convert", "json", "-o", "-", "-", stdin=plistlib.dumps({"a": 1}).decode()).out == '{"a":1}'
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["-replace", "n", "-integer", "6"], {**CONTENT, "n": 6}, id="replace"),
        pytest.param(["-insert", "new", "-string", "y"], {**CONTENT, "new": "y"}, id="insert"),
        pytest.param(
            ["-insert", "l.0", "-bool", "YES"], {**CONTENT, "l": [True, "a", {"k": "v"}]}, id="insert in array"
        ),
        pytest.param(["-remove", "s"], {key: CONTENT[key] for key in CONTENT if key != "s"}, id="remove"),
    ],
)
def test_change(mac, file: str, words: list[str], expected: object) -> None:
    assert mac.run("plutil", *words, file).rc == 0
    assert plistlib.loads(mac.path(file).read_bytes()) == expected


def test_lint(mac, file: str) -> None:
    assert mac.run("plutil", "-lint", file).out == f"{file}: OK\n"


@pytest.mark.parametrize(("name", "shown"), [("/private/tmp/f.plist", "/private/tmp/f.plist"), ("-", "<stdin>")])
def test_bad_file(mac, name: str, shown: str) -> None:
    mac.write("/private/tmp/f.plist", "What is this")
    result = mac.run("plutil", "-lint", name, stdin="What is this")
    assert result.rc == 1
    assert result.out + result.err == (
        f"{shown}: Property List error: Unexpected character W at line 1 / JSON error: JSON text did not start with "
        "array or object and option to allow fragments not set. around line 1, column 0.\n"
    )


def test_print(mac, file: str) -> None:
    assert mac.run("plutil", "-p", file).out.startswith('{\n  "b" => true\n  "d" => {\n    "a.b" => 1\n  }\n')
