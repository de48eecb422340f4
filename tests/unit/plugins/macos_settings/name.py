# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent

SCUTIL = "/usr/sbin/scutil"
READ = [SCUTIL, "--get", "ComputerName"]


def names(computer: str | None, local: str | None, host: str | None) -> list[Call]:
    return [
        call([SCUTIL, "--get", name], out=f"{value}\n")
        if value
        else call([SCUTIL, "--get", name], err=f"{name}: not set\n", rc=1)
        for name, value in (("ComputerName", computer), ("LocalHostName", local), ("HostName", host))
    ]


def set_name(name: str, **answer: object) -> Call:
    return call([SCUTIL, "--set", name, "olab1"], **answer)  # type: ignore[arg-type]


ALL = {"ComputerName": "olab1", "LocalHostName": "olab1", "HostName": "olab1"}

WANTED = "olab1"
RUNS = [
    Run(
        "change",
        {"name": "olab1"},
        [
            *names("Mac", None, "olab1"),
            set_name("ComputerName"),
            set_name("LocalHostName"),
            *names("olab1", "olab1", "olab1"),
        ],
        changed=True,
        value=ALL,
    ),
    Run("no change", {"name": "olab1"}, names("olab1", "olab1", "olab1"), changed=False, value=ALL),
    Run("check mode", {"name": "olab1"}, names("Mac", None, None), changed=True, value=ALL, check=True),
]
FAILURES = [
    Failure(
        "no name",
        {"name": "my mac"},
        [],
        "'my mac' cannot be a Mac's name: use up to 63 letters, digits and hyphens, no hyphen at either end.",
    ),
    Failure(
        "a name that does not stay",
        {"name": "olab1"},
        [
            *names("olab1", "olab1", None),
            set_name("HostName", rc=1, err="Operation not permitted\n"),
            *names("olab1", "olab1", None),
        ],
        "The change did not take effect: HostName is not set instead of olab1. `/usr/sbin/scutil --set HostName olab1` "
        "ended with status 1 and said: Operation not permitted.",
    ),
]
LINES = [
    Line(
        "all alike",
        "olab1",
        names("olab1", "olab1", "olab1"),
        True,
        "ComputerName olab1, LocalHostName olab1, HostName olab1",
        "ComputerName olab1, LocalHostName olab1, HostName olab1",
    ),
    Line(
        "different",
        "olab1",
        names("Mac mini", "olab1", None),
        False,
        "ComputerName Mac mini, LocalHostName olab1, HostName not set",
        "ComputerName olab1, LocalHostName olab1, HostName olab1",
    ),
]
UNKNOWN = [
    said("no access", READ, "scutil", "", err="Permission denied\n", rc=1),
    silent(READ, "scutil"),
    hangs(READ),
]
