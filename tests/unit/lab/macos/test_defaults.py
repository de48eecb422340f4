# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""defaults: types, files, errors by release."""

from __future__ import annotations

import plistlib
from datetime import datetime
from typing import Any

import pytest

from lab.macos.simulator import openstep

PREFERENCES = "/private/var/root/Library/Preferences"
SHARED = "/Library/Preferences/com.example"


def stored(mac, path: str) -> Any:
    return plistlib.loads(mac.path(path).read_bytes())


@pytest.mark.parametrize(
    ("words", "value", "kind", "printed"),
    [
        pytest.param(["text"], "text", "string", "text", id="untyped"),
        pytest.param(["5"], "5", "string", "5", id="untyped number is a string"),
        pytest.param(["-string", "a b"], "a b", "string", "a b", id="string"),
        pytest.param(["-int", "5"], 5, "integer", "5", id="int"),
        pytest.param(["-int", "-7"], -7, "integer", "-7", id="negative"),
        pytest.param(["-float", "0.5"], 0.5, "float", "0.5", id="float"),
        pytest.param(["-bool", "TRUE"], True, "boolean", "1", id="bool"),
        pytest.param(["-bool", "no"], False, "boolean", "0", id="bool no"),
        pytest.param(["-data", "0102ff"], b"\1\2\xff", "data", "{length = 3, bytes = 0x0102ff}", id="data"),
        pytest.param(
            ["-date", "2026-01-01 10:00:00 +0000"],
            datetime.fromisoformat("2026-01-01 10:00:00"),
            "date",
            "2026-01-01 10:00:00 +0000",
            id="date",
        ),
        pytest.param(["-array", "a", "b c"], ["a", "b c"], "array", '(\n    a,\n    "b c"\n)', id="array"),
        pytest.param(["-array"], [], "array", "(\n)", id="empty array"),
        pytest.param(
            ["-array", "-int", "1", "-bool", "yes"], [1, True], "array", "(\n    1,\n    1\n)", id="typed items"
        ),
        pytest.param(["-dict", "k", "-int", "1"], {"k": 1}, "dictionary", "{\n    k = 1;\n}", id="dict"),
        pytest.param(
            ['{a = 1; b = (x, "y z");}'],
            {"a": "1", "b": ["x", "y z"]},
            "dictionary",
            '{\n    a = 1;\n    b =     (\n        x,\n        "y z"\n    );\n}',
            id="old form",
        ),
        pytest.param(["<array><string>en_US</string></array>"], ["en_US"], "array", '(\n    "en_US"\n)', id="XML"),
    ],
)
def test_write_and_read(mac, words: list[str], value: object, kind: str, printed: str) -> None:
    assert mac.run("defaults", "write", SHARED, "key", *words).rc == 0
    assert stored(mac, SHARED + ".plist") == {"key": value}
    assert mac.run("defaults", "read-type", SHARED, "key").out == f"Type is {kind}\n"
    assert mac.run("defaults", "read", SHARED, "key").out == printed + "\n"


@pytest.mark.parametrize(
    ("domain", "uid", "path"),
    [
        pytest.param("com.x", 0, f"{PREFERENCES}/com.x.plist", id="root's own"),
        pytest.param("NSGlobalDomain", 0, f"{PREFERENCES}/.GlobalPreferences.plist", id="global"),
        pytest.param("-g", 0, f"{PREFERENCES}/.GlobalPreferences.plist", id="-g"),
        pytest.param("/Library/Preferences/com.x", 0, "/Library/Preferences/com.x.plist", id="path"),
        pytest.param("/Library/Preferences/com.x.plist", 0, "/Library/Preferences/com.x.plist", id="path with ending"),
        pytest.param("com.x", 501, "/Users/admin/Library/Preferences/com.x.plist", id="a user's"),
    ],
)
def test_where_a_domain_is(mac, domain: str, uid: int, path: str) -> None:
    mac.write("/private/etc/passwd", "admin:x:501:20:Admin:/Users/admin:/bin/zsh\n")
    assert mac.run("defaults", "write", domain, "k", "v", uid=uid).rc == 0
    assert stored(mac, path) == {"k": "v"}


def test_current_host(mac) -> None:
    assert mac.run("defaults", "-currentHost", "write", "com.x", "k", "v").rc == 0
    assert stored(mac, f"{PREFERENCES}/ByHost/com.x.5B4D5D7C-0000-5000-8000-000000000001.plist") == {"k": "v"}
    assert mac.run("defaults", "read", "com.x", "k").rc == 1


@pytest.mark.parametrize("verb", ["read", "read-type"])
@pytest.mark.parametrize(
    ("release", "text"),
    [
        pytest.param("15.7", "\nThe domain/default pair of (com.apple.foo, bar) does not exist\n", id="15"),
        pytest.param("26.5", "\nThe domain/default pair of (com.apple.foo, bar) does not exist\n", id="26"),
        pytest.param("27.0", "Could not find key 'bar'", id="27"),
    ],
)
def test_missing_key(mac, verb: str, release: str, text: str) -> None:
    result = mac.run("defaults", verb, "com.apple.foo", "bar", release=release)
    assert (result.rc, result.out) == (1, "")
    stamp, _, rest = result.err.partition("] ")
    assert stamp.split()[2].startswith("defaults[")
    assert rest.startswith(text)


def test_missing_domain(mac) -> None:
    result = mac.run("defaults", "read", "com.apple.foo")
    assert (result.rc, result.err.splitlines()[1]) == (1, "Domain com.apple.foo does not exist")


def test_add_to_array_and_dictionary(mac) -> None:
    mac.run("defaults", "write", SHARED, "a", "-array", "1")
    mac.run("defaults", "write", SHARED, "a", "-array-add", "2")
    mac.run("defaults", "write", SHARED, "d", "-dict", "x", "1")
    mac.run("defaults", "write", SHARED, "d", "-dict-add", "y", "2")
    assert stored(mac, SHARED + ".plist") == {"a": ["1", "2"], "d": {"x": "1", "y": "2"}}


def test_export_and_import(mac) -> None:
    mac.run("defaults", "write", SHARED, "n", "-int", "3")
    exported = mac.run("defaults", "export", SHARED, "-").out
    assert plistlib.loads(exported.encode()) == {"n": 3}
    assert mac.run("defaults", "import", "com.copy", "-", stdin=exported).rc == 0
    assert mac.run("defaults", "read", "com.copy", "n").out == "3\n"
    assert plistlib.loads(mac.run("defaults", "export", "com.none", "-").out.encode()) == {}
    assert mac.run("defaults", "domains").out == "com.copy\n"


def test_delete(mac) -> None:
    mac.run("defaults", "write", SHARED, "a", "1")
    mac.run("defaults", "write", SHARED, "b", "2")
    assert mac.run("defaults", "delete", SHARED, "a").rc == 0
    assert stored(mac, SHARED + ".plist") == {"b": "2"}
    missing = mac.run("defaults", "delete", SHARED, "a")
    assert missing.rc == 1
    assert missing.err.endswith(f"Domain ({SHARED}) not found.\nDefaults have not been changed.\n")
    assert mac.run("defaults", "delete", SHARED).rc == 0
    assert not mac.path(SHARED + ".plist").exists()


def test_protected_domain(mac) -> None:
    mac.host(full_disk_access=False)
    result = mac.run("defaults", "write", "com.apple.universalaccess", "k", "v")
    assert (result.rc, "Could not write domain com.apple.universalaccess; exiting" in result.err) == (1, True)


def test_rename(mac) -> None:
    mac.run("defaults", "write", SHARED, "a", "1")
    assert mac.run("defaults", "rename", SHARED, "a", "b").rc == 0
    assert stored(mac, SHARED + ".plist") == {"b": "1"}


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        pytest.param("abc1", "abc1", id="bare"),
        pytest.param("en_US", '"en_US"', id="underscore"),
        pytest.param("com.apple", '"com.apple"', id="dot"),
        pytest.param("", '""', id="empty"),
        pytest.param('a"b', '"a\\"b"', id="quote"),
        pytest.param("Admin\u2019s", '"Admin\\U2019s"', id="not ASCII"),
    ],
)
def test_quote(text: str, quoted: str) -> None:
    assert openstep.quote(text) == quoted


@pytest.mark.parametrize("text", ["{a = 1}", "(a b)", "{a 1;}", "(a", "}"])
def test_openstep_refuses(text: str) -> None:
    with pytest.raises(openstep.ParseError):
        openstep.parse(text)
