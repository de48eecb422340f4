# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""dscl and dseditgroup: the directory behind them is the host's real account files."""

from __future__ import annotations

import pytest

PASSWD = """\
nobody:*:4294967294:4294967294:Unprivileged User:/var/empty:/usr/bin/false
root:x:0:0:System Administrator:/var/root:/bin/sh
admin:x:501:20:Admin:/Users/admin:/bin/zsh
"""
GROUP = """\
wheel:*:0:root
staff:*:20:root
admin:*:80:root,admin
"""


@pytest.fixture(autouse=True)
def accounts(mac) -> None:
    mac.write("/private/etc/passwd", PASSWD)
    mac.write("/private/etc/group", GROUP)
    mac.write("/private/etc/shadow", "root:*:20000:0:99999:7:::\nadmin:!:20000:0:99999:7:::\n")


@pytest.mark.parametrize(
    ("words", "out"),
    [
        pytest.param(["-read", "/Users/admin", "UniqueID"], "UniqueID: 501\n", id="one value"),
        pytest.param(["read", "/Users/admin", "UserShell"], "UserShell: /bin/zsh\n", id="without hyphen"),
        pytest.param(["-read", "/Users/root", "RealName"], "RealName:\n System Administrator\n", id="a space in it"),
        pytest.param(["-read", "/Users/nobody", "UniqueID"], "UniqueID: -2\n", id="negative"),
        pytest.param(["-read", "/Groups/admin", "GroupMembership"], "GroupMembership: root admin\n", id="many values"),
        pytest.param(["-list", "/Users"], "admin\nnobody\nroot\n", id="list"),
        pytest.param(
            ["-search", "/Groups", "GroupMembership", "admin"],
            "admin\t\tGroupMembership = (\n    root,\n    admin\n)\n",
            id="search",
        ),
    ],
)
def test_reading(mac, words: list[str], out: str) -> None:
    result = mac.run("dscl", ".", *words, uid=501)
    assert (result.rc, result.out, result.err) == (0, out, "")


def test_list_with_a_key(mac) -> None:
    lines = mac.run("dscl", ".", "-list", "/Users", "UniqueID").out.splitlines()
    assert [line.split() for line in lines] == [["admin", "501"], ["nobody", "-2"], ["root", "0"]]


@pytest.mark.parametrize(
    ("words", "uid", "rc", "err"),
    [
        pytest.param(
            [".", "-read", "/Users/x"], 501, 56, "<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)\n", id="no record"
        ),
        pytest.param([".", "-read", "/Users/root", "Nope"], 501, 0, "No such key: Nope\n", id="no key"),
        pytest.param(
            [".", "-create", "/Users/x"], 501, 40, "<dscl_cmd> DS Error: -14120 (eDSPermissionError)\n", id="not root"
        ),
        pytest.param(
            [".", "-create", "/Users/x", "UniqueID", "5"],
            501,
            40,
            "<main> attribute status: eDSPermissionError\n<dscl_cmd> DS Error: -14120 (eDSPermissionError)\n",
            id="not root, attribute",
        ),
        pytest.param(
            [".", "-delete", "/Users/x"], 0, 56, "<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)\n", id="delete nobody"
        ),
    ],
)
def test_failures(mac, words: list[str], uid: int, rc: int, err: str) -> None:
    result = mac.run("dscl", *words, uid=uid)
    assert (result.rc, result.out, result.err) == (rc, "", err)


def test_unknown_node(mac) -> None:
    assert mac.run("dscl", "/Nope", "-list", "/Users").rc == 185


def test_service_user(mac) -> None:
    steps = [
        ("/Groups/_x", "PrimaryGroupID", "450"),
        ("/Users/_x",),
        ("/Users/_x", "UniqueID", "450"),
        ("/Users/_x", "PrimaryGroupID", "450"),
        ("/Users/_x", "UserShell", "/usr/bin/false"),
        ("/Users/_x", "NFSHomeDirectory", "/var/empty"),
        ("/Users/_x", "RealName", "A Service"),
        ("/Users/_x", "IsHidden", "1"),
        ("/Users/_x", "Password", "*"),
    ]
    for _ in range(2):  # -create with a key may be repeated
        for step in steps:
            assert mac.run("dscl", ".", "-create", *step).rc == 0
    assert mac.path("/private/etc/passwd").read_text() == PASSWD + "_x:x:450:450:A Service:/var/empty:/usr/bin/false\n"
    assert mac.path("/private/etc/group").read_text() == GROUP + "_x:*:450:\n"
    assert mac.path("/private/etc/shadow").read_text().splitlines()[-1].startswith("_x:*:")
    assert mac.run("dscl", ".", "-read", "/Users/_x", "IsHidden").out == "IsHidden: 1\n"
    assert mac.run("dscl", ".", "-delete", "/Users/_x").rc == 0
    assert mac.run("dscl", ".", "-delete", "/Groups/_x").rc == 0
    assert mac.path("/private/etc/passwd").read_text() == PASSWD
    assert mac.path("/private/etc/group").read_text() == GROUP
    assert mac.run("dscl", ".", "-read", "/Users/_x").rc == 56


def test_an_unnumbered_record_is_no_account_yet(mac) -> None:
    assert mac.run("dscl", ".", "-create", "/Users/_y").rc == 0
    assert mac.run("dscl", ".", "-read", "/Users/_y", "RecordName").out == "RecordName: _y\n"
    assert mac.path("/private/etc/passwd").read_text() == PASSWD


def test_membership(mac) -> None:
    assert mac.run("dscl", ".", "-append", "/Groups/staff", "GroupMembership", "admin").rc == 0
    assert "staff:*:20:root,admin\n" in mac.path("/private/etc/group").read_text()
    assert mac.run("dscl", ".", "-delete", "/Groups/staff", "GroupMembership", "admin").rc == 0
    assert mac.path("/private/etc/group").read_text() == GROUP


def test_change(mac) -> None:
    assert mac.run("dscl", ".", "-change", "/Users/admin", "UserShell", "/bin/zsh", "/bin/bash").rc == 0
    assert "admin:x:501:20:Admin:/Users/admin:/bin/bash\n" in mac.path("/private/etc/passwd").read_text()


def test_password_reaches_the_hash_program_on_standard_input(mac) -> None:
    mac.answer("openssl", out="$6$hash\n")
    assert mac.run("dscl", ".", "-passwd", "/Users/admin", "secret").rc == 0
    assert mac.calls == [["openssl", "passwd", "-6", "-stdin"]]
    assert "admin:$6$hash:" in mac.path("/private/etc/shadow").read_text()


def test_dseditgroup(mac) -> None:
    assert mac.run("dseditgroup", "-o", "create", "-i", "451", "-L", "_g").rc == 0
    assert mac.run("dseditgroup", "-o", "edit", "-a", "admin", "-t", "user", "_g").rc == 0
    assert mac.path("/private/etc/group").read_text() == GROUP + "_g:*:451:admin\n"
    member = mac.run("dseditgroup", "-o", "checkmember", "-m", "admin", "_g")
    assert (member.rc, member.out) == (0, "yes admin is a member of _g\n")
    assert mac.run("dseditgroup", "-o", "edit", "-d", "admin", "-t", "user", "_g").rc == 0
    assert mac.run("dseditgroup", "-o", "checkmember", "-m", "admin", "_g").rc == 67
    assert mac.run("dseditgroup", "-o", "delete", "-L", "_g").rc == 0
    assert mac.path("/private/etc/group").read_text() == GROUP
    assert mac.run("dseditgroup", "-o", "delete", "-L", "_g").rc == 64
