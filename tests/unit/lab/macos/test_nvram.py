# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``nvram`` and ``csrutil``: what the boot policy of Apple Silicon refuses."""

from __future__ import annotations

import plistlib

import pytest

MISSING = "nvram: Error getting variable - 'boot-args': (iokit/common) data was not found\n"
NOT_PERMITTED = "Error setting variable - 'boot-args': (iokit/common) not permitted.\n"


@pytest.mark.parametrize(
    ("argv", "uid", "rc", "out", "err"),
    [
        pytest.param(["boot-args"], 501, 1, "", MISSING, id="missing"),
        pytest.param(["boot-args=serverperfmode=1"], 0, 1, "", NOT_PERMITTED, id="refused-at-normal-security"),
        pytest.param(
            ["x=1"], 501, 1, "", "Error setting variable - 'x': (iokit/common) privilege violation.\n", id="not-root"
        ),
        pytest.param(["x=1"], 0, 0, "", "", id="another-variable"),
        pytest.param(["-d", "boot-args"], 501, 0, "", "", id="d-never-fails"),
        pytest.param(
            ["-r", "x"],
            0,
            1,
            "",
            "nvram: Error deleting variable - 'x': (iokit/common) data was not found (0xe00002f0)\n",
            id="r-tells",
        ),
        pytest.param(["auto-boot"], 501, 0, "auto-boot\ttrue\n", "", id="value"),
        pytest.param(["auto-boot-=no"], 0, 1, "", "nvram: substring no not found in true\n", id="substring"),
    ],
)
def test_texts(mac, argv, uid, *, rc, out, err) -> None:
    result = mac.run("nvram", *argv, uid=uid)
    assert (result.rc, result.out, result.err) == (rc, out, err)


def test_usage(mac) -> None:
    result = mac.run("nvram")
    assert (result.rc, result.err) == (1, "nvram: (usage: missing name)\n")
    assert result.out.startswith("nvram [-x|-X] [-p] [-f filename] [-d name] [-c] name[=value] ...\n")


def test_permissive_security_lets_boot_args_be_set(mac) -> None:
    mac.host(boot_args_allowed=True)
    assert mac.run("nvram", "boot-args=serverperfmode=1").rc == 0
    assert mac.run("nvram", "boot-args", uid=501).out == "boot-args\tserverperfmode=1\n"
    assert mac.run("nvram", "boot-args+= -v").rc == 0
    assert mac.run("nvram", "boot-args-= -v").rc == 0
    assert plistlib.loads(mac.run("nvram", "-xp").out.encode())["boot-args"] == "serverperfmode=1"
    assert mac.run("nvram", "-d", "boot-args").rc == 0
    assert mac.run("nvram", "boot-args").err == MISSING


def test_d_is_silent_about_what_it_may_not_delete(mac) -> None:
    mac.host(boot_args_allowed=True)
    mac.run("nvram", "boot-args=a")
    mac.host()
    assert mac.run("nvram", "-d", "boot-args").rc == 0
    assert mac.run("nvram", "boot-args").out == "boot-args\ta\n"
    refused = mac.run("nvram", "-r", "boot-args")
    assert refused.err == "nvram: Error deleting variable - 'boot-args': (iokit/common) not permitted (0xe00002e2)\n"


def test_unprintable_bytes_are_escaped(mac) -> None:
    mac.run("nvram", "x=a\tb")
    assert "x\ta%09b\n" in mac.run("nvram", "-p").out


@pytest.mark.parametrize(
    ("policy", "first"),
    [
        pytest.param({}, "System Integrity Protection status: enabled.", id="on"),
        pytest.param({"integrity_protection": False}, "System Integrity Protection status: disabled.", id="off"),
        pytest.param(
            {"boot_args_allowed": True},
            "System Integrity Protection status: unknown (Custom Configuration).",
            id="custom",
        ),
    ],
)
def test_csrutil_status(mac, policy, first) -> None:
    with mac.state.edit("boot_policy") as data:
        data.update(policy)
    result = mac.run("csrutil", "status", uid=501)
    assert (result.rc, result.out.splitlines()[0]) == (0, first)


def test_without_integrity_protection_boot_args_can_be_set(mac) -> None:
    with mac.state.edit("boot_policy") as data:
        data["integrity_protection"] = False
    assert mac.run("nvram", "boot-args=-v").rc == 0


def test_csrutil_changes_nothing_outside_recovery(mac) -> None:
    assert mac.run("csrutil", "disable").rc == 77
    assert "enabled." in mac.run("csrutil", "status").out
