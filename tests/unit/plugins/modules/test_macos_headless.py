# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The areas together; what each of them does alone is tested with its own module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

UPDATES = "/Library/Preferences/com.apple.SoftwareUpdate"
NAMES = ("ComputerName", "LocalHostName", "HostName")
OFF = call(["/usr/bin/fdesetup", "status"], out="FileVault is Off.\n")
DECRYPTING = call(
    ["/usr/bin/fdesetup", "status"], out="FileVault is Off.\nDecryption in progress: Percent completed = 40\n"
)
ON = call(["/usr/bin/fdesetup", "status"], out="FileVault is On.\n")


def names(*values: str | None) -> list[Call]:
    return [
        call(["/usr/sbin/scutil", "--get", name], out=f"{value}\n")
        if value
        else call(["/usr/sbin/scutil", "--get", name], err=f"{name}: not set\n", rc=1)
        for name, value in zip(NAMES, values)
    ]


def set_name(name: str, value: str) -> Call:
    return call(["/usr/sbin/scutil", "--set", name, value])


def updates(*values: str | None) -> list[Call]:
    keys = ("AutomaticDownload", "AutomaticallyInstallMacOSUpdates")
    return [
        call(["/usr/bin/defaults", "read", UPDATES, key], out=f"{value}\n")
        if value
        else call(
            ["/usr/bin/defaults", "read", UPDATES, key],
            err=f"The domain/default pair of ({UPDATES}, {key}) does not exist\n",
            rc=1,
        )
        for key, value in zip(keys, values)
    ]


def set_update(key: str, value: str) -> Call:
    return call(["/usr/bin/defaults", "write", UPDATES, key, "-bool", value])


def power(sleep: int) -> Call:
    return call(["/usr/bin/pmset", "-g", "custom"], out=f"AC Power:\n sleep                {sleep}\n")


def spotlight(state: str) -> Call:
    return call(["/usr/bin/mdutil", "-s", "/"], out=f"/:\n\tIndexing {state}.\n")


ALL = {"name": "olab1", "power": {"sleep": 0}, "spotlight": False, "automatic_updates": False, "filevault": "disabled"}
AS_WANTED = [*names("olab1", "olab1", "olab1"), power(0), spotlight("disabled"), *updates("0", "0"), OFF]


@pytest.mark.parametrize(
    ("args", "calls", "check", "areas"),
    [
        pytest.param(ALL, AS_WANTED, False, [], id="no-change-reads-each-once"),
        pytest.param({}, [], False, [], id="nothing-is-managed"),
        pytest.param(
            {"power": {}, "boot_arguments": {"present": [], "absent": None}}, [], False, [], id="empty-is-nothing"
        ),
        pytest.param(
            {"name": "olab1"},
            [
                *names("Mac", None, "olab1"),
                *names("Mac", None, "olab1"),
                set_name("ComputerName", "olab1"),
                set_name("LocalHostName", "olab1"),
                *names("olab1", "olab1", "olab1"),
            ],
            False,
            ["name"],
            id="name",
        ),
        pytest.param(
            {"automatic_updates": False},
            [
                *updates("1", None),
                *updates("1", None),
                set_update("AutomaticDownload", "false"),
                set_update("AutomaticallyInstallMacOSUpdates", "false"),
                *updates("0", "0"),
            ],
            False,
            ["automatic_updates"],
            id="updates",
        ),
        pytest.param(
            {"automatic_updates": True},
            [
                *updates("1", "0"),
                *updates("1", "0"),
                set_update("AutomaticallyInstallMacOSUpdates", "true"),
                *updates("1", "1"),
            ],
            False,
            ["automatic_updates"],
            id="updates-on",
        ),
        pytest.param(
            ALL,
            [
                *names("olab1", "olab1", "olab1"),
                power(1),
                spotlight("enabled"),
                *updates("0", "0"),
                OFF,
                power(1),
                call(["/usr/bin/pmset", "-a", "sleep", "0"]),
                power(0),
                spotlight("enabled"),
                call(["/usr/bin/mdutil", "-i", "off", "/"]),
                spotlight("disabled"),
            ],
            False,
            ["power", "spotlight"],
            id="only-what-differs-after-all-is-read",
        ),
        pytest.param(
            ALL,
            [*names("Mac", None, None), power(1), spotlight("enabled"), *updates(None, None), OFF],
            True,
            ["name", "power", "spotlight", "automatic_updates"],
            id="check-mode",
        ),
        pytest.param(
            {"filevault": "disabled"},
            [
                DECRYPTING,
                DECRYPTING,
                OFF,
            ],
            False,
            [],
            id="a-decryption-that-goes-on-is-waited-for",
        ),
    ],
)
def test_headless(
    run_module: Callable[..., dict[str, Any]],
    args: dict[str, Any],
    calls: list[Call],
    check: bool,
    areas: list[str],
) -> None:
    result = run_module("macos_headless", args, calls, check=check)
    assert (result.get("failed"), result["changed"], result["changed_areas"]) == (None, bool(areas), areas)


def test_the_difference_is_shown_by_area(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_headless", {"spotlight": False}, [spotlight("enabled")], check=True, diff=True)
    assert result["diff"] == {"before": {"spotlight": {"/": True}}, "after": {"spotlight": {"/": False}}}
    assert result["areas"] == {"spotlight": {"indexing": {"/": False}}}


@pytest.mark.parametrize(
    ("args", "calls", "message"),
    [
        pytest.param(
            ALL,
            [*names("Mac", None, None), power(1), spotlight("enabled"), *updates(None, None), ON],
            "FileVault is on, and user and password of somebody who may unlock the disk were not both given: give "
            "them (the password from Ansible Vault), or turn FileVault off in System Settings > Privacy & Security.",
            id="a-missing-password-leaves-everything-as-it-is",
        ),
        pytest.param(
            {"name": "my mac"},
            [],
            "'my mac' cannot be a Mac's name: use up to 63 letters, digits and hyphens, no hyphen at either end.",
            id="no-name",
        ),
        pytest.param(
            {"name": "olab1"},
            [
                *names("olab1", "olab1", None),
                *names("olab1", "olab1", None),
                call(["/usr/sbin/scutil", "--set", "HostName", "olab1"], rc=1, err="Operation not permitted\n"),
                *names("olab1", "olab1", None),
            ],
            "The change did not take effect: HostName is not set instead of olab1. `/usr/sbin/scutil --set HostName "
            "olab1` ended with status 1 and said: Operation not permitted.",
            id="a-name-that-does-not-stay",
        ),
        pytest.param(
            {"automatic_updates": False},
            [
                *updates("1", "0"),
                *updates("1", "0"),
                set_update("AutomaticDownload", "false"),
                *updates("1", "0"),
            ],
            "The change did not take effect: AutomaticDownload is on instead of off. `/usr/bin/defaults write "
            "/Library/Preferences/com.apple.SoftwareUpdate AutomaticDownload -bool false` ended with status 0.",
            id="a-switch-that-does-not-stay",
        ),
    ],
)
def test_failures(
    run_module: Callable[..., dict[str, Any]], args: dict[str, Any], calls: list[Call], message: str
) -> None:
    result = run_module("macos_headless", args, calls)
    assert (result["failed"], result["msg"]) == (True, message)


def test_it_needs_root(run_module: Callable[..., dict[str, Any]]) -> None:
    result = run_module("macos_headless", ALL, uid=501)
    assert result["msg"] == "Preparing a Mac to run without a screen needs root: set become to true for this task."
