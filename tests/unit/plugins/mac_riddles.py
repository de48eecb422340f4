# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Answers of Apple's tools that mean nothing known, by the area of a headless Mac that they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.unit.plugins.harness import Call, call
from tests.unit.plugins.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

UPDATES = "/Library/Preferences/com.apple.SoftwareUpdate"
PORTS = ["/usr/sbin/networksetup", "-listallhardwareports"]
MINI = call(PORTS, out=recorded("networksetup-listallhardwareports.macos-26.txt"))
WIFI = ["/usr/sbin/networksetup", "-getairportpower", "en1"]
BACKUPS = ["/usr/bin/defaults", "read", "/Library/Preferences/com.apple.TimeMachine", "AutoBackup"]
DOWNLOAD = ["/usr/bin/defaults", "read", UPDATES, "AutomaticDownload"]
NVRAM = ["/usr/sbin/nvram", "boot-args"]
ACTIVE = ["/usr/sbin/sysctl", "-n", "kern.bootargs"]
CLOCK = ["/usr/sbin/systemsetup", "-getusingnetworktime"]
MDUTIL = ["/usr/bin/mdutil", "-s", "/"]
FDESETUP = ["/usr/bin/fdesetup", "status"]
PMSET = ["/usr/bin/pmset", "-g", "custom"]
SCUTIL = ["/usr/sbin/scutil", "--get", "ComputerName"]
PASSING = "/:\n\tError: unexpected indexing state.  kMDConfigSearchLevelTransitioning\n"

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"name": "olab1"},
    "power": {"power": {"sleep": 0}},
    "system_setup": {"network_time": True},
    "spotlight": {"spotlight": False},
    "time_machine": {"time_machine": False},
    "wifi": {"wifi": False},
    "automatic_updates": {"automatic_updates": False},
    "boot_arguments": {"boot_arguments": {"present": ["a=1"], "absent": []}},
    "filevault": {"filevault": "disabled"},
}
CHECKS: dict[str, dict[str, Any]] = {
    "name": {"check": "computer_name", "expected": "olab1"},
    "power": {"check": "power", "settings": {"sleep": 0}},
    "system_setup": {"check": "system_setup", "settings": {"network_time": False}},
    "spotlight": {"check": "spotlight", "expected": False},
    "time_machine": {"check": "time_machine", "expected": False},
    "wifi": {"check": "wifi", "expected": False},
    "automatic_updates": {"check": "preference", "domain": UPDATES, "key": "AutomaticDownload", "expected": "0"},
    "boot_arguments": {"check": "boot_args", "present": [], "absent": ["a"]},
    "filevault": {"check": "filevault", "expected": False},
}
"""Each would be true if what is unknown were taken for off."""


@dataclass(frozen=True)
class Riddle:
    """An area, what its tools answer, and what the warning quotes of it."""

    area: str
    calls: Sequence[Call]
    quoted: str


def _said(area: str, argv: list[str], program: str, text: str, **answer: Any) -> Riddle:
    first = [call(NVRAM, out="boot-args\ta=1\n")] if argv == ACTIVE else [MINI] if argv == WIFI else []
    quoted = " ".join(f"{text} {answer.get('err', '')}".split())
    return Riddle(area, [*first, call(argv, **{"out": text, **answer})], f'{program} says "{quoted}"')


def _hangs(area: str, argv: list[str]) -> Riddle:
    first = [MINI] if argv == WIFI else []
    return Riddle(area, [*first, call(argv, hangs=True)], f"`{' '.join(argv)}` did not finish within")


def _silent(area: str, argv: list[str], program: str, **answer: Any) -> Riddle:
    first = [MINI] if argv == WIFI else []
    return Riddle(area, [*first, call(argv, **answer)], f"{program} says nothing")


DEFAULT_ERROR = "2026-01-01 10:00:00.000 defaults[1:2] Could not synchronize"
RIDDLES: dict[str, Riddle] = {
    "mdutil: an unknown state": _said("spotlight", MDUTIL, "mdutil", "/:\n\tError: unknown indexing state.\n"),
    "mdutil: an index that is read only": _said("spotlight", MDUTIL, "mdutil", "/:\n\tIndex is read-only.\n"),
    "mdutil: a path": _said("spotlight", MDUTIL, "mdutil", "Error: invalid path `/'.\n"),
    "mdutil: translated": _said("spotlight", MDUTIL, "mdutil", "/:\n\tIndizierung deaktiviert.\n"),
    "mdutil: two answers": _said("spotlight", MDUTIL, "mdutil", "/:\n\tIndexing enabled. \n\tIndexing disabled.\n"),
    "mdutil: off, and an error": _said(
        "spotlight", MDUTIL, "mdutil", "/:\n\tIndexing disabled.\n\tError: unable to perform operation.  (-1)\n"
    ),
    "mdutil: another volume": _said("spotlight", MDUTIL, "mdutil", "/System/Volumes/Data:\n\tIndexing disabled.\n"),
    "mdutil: off with a failure": _said("spotlight", MDUTIL, "mdutil", "/:\n\tIndexing disabled.\n", rc=1),
    "mdutil: more behind it": _said("spotlight", MDUTIL, "mdutil", "/:\n\tIndexing disabled. (pending)\n"),
    "mdutil: nothing": _silent("spotlight", MDUTIL, "mdutil"),
    "mdutil: no end": _hangs("spotlight", MDUTIL),
    "mdutil: it passes and passes": Riddle(
        "spotlight",
        [call(MDUTIL, out=PASSING)] * 21,
        'mdutil says "/: Error: unexpected indexing state. kMDConfigSearchLevelTransitioning"',
    ),
    "fdesetup: translated": _said("filevault", FDESETUP, "fdesetup", "FileVault ist deaktiviert.\n"),
    "fdesetup: a line that nobody knows": _said(
        "filevault", FDESETUP, "fdesetup", "FileVault is Off.\nA configuration profile turns it on tonight.\n"
    ),
    "fdesetup: more on the line": _said("filevault", FDESETUP, "fdesetup", "FileVault is Off, or will be.\n"),
    "fdesetup: off with a failure": _said("filevault", FDESETUP, "fdesetup", "FileVault is Off.\n", rc=33),
    "fdesetup: an error": _said("filevault", FDESETUP, "fdesetup", "Error: Unable to get status.\n"),
    "fdesetup: nothing": _silent("filevault", FDESETUP, "fdesetup"),
    "fdesetup: no end": _hangs("filevault", FDESETUP),
    "pmset: another source": _said("power", PMSET, "pmset", "Battery Power:\n sleep                0\n"),
    "pmset: no number": Riddle(
        "power", [call(PMSET, out="AC Power:\n sleep                never\n")], 'pmset says "sleep never"'
    ),
    "pmset: a failure": _said("power", PMSET, "pmset", "AC Power:\n sleep                0\n", rc=1),
    "pmset: nothing": _silent("power", PMSET, "pmset"),
    "pmset: no end": _hangs("power", PMSET),
    "systemsetup: neither on nor off": _said("system_setup", CLOCK, "systemsetup", "Network Time: Managed\n"),
    "systemsetup: a failure": _said("system_setup", CLOCK, "systemsetup", "Network Time: Off\n", rc=1),
    "systemsetup: another label": _said("system_setup", CLOCK, "systemsetup", "Netzwerkzeit: Aus\n"),
    "systemsetup: nothing": _silent("system_setup", CLOCK, "systemsetup"),
    "tmutil: no access": _said("time_machine", BACKUPS, "defaults", "", err="Operation not permitted\n", rc=1),
    "tmutil: no switch": _said("time_machine", BACKUPS, "defaults", "2\n"),
    "tmutil: nothing": _silent("time_machine", BACKUPS, "defaults"),
    "wifi: no such interface": _said(
        "wifi", WIFI, "networksetup", "en1 is not a Wi-Fi interface.\n** Error: Error obtaining wireless information.\n"
    ),
    "wifi: neither on nor off": _said("wifi", WIFI, "networksetup", "Wi-Fi Power (en1): Unknown\n"),
    "wifi: off with a failure": _said("wifi", WIFI, "networksetup", "Wi-Fi Power (en1): Off\n", rc=10),
    "wifi: no ports": _silent("wifi", PORTS, "networksetup"),
    "wifi: ports in words": _said("wifi", PORTS, "networksetup", "Anschluss: WLAN\nGerät: en1\n"),
    "updates: no switch": _said("automatic_updates", DOWNLOAD, "defaults", "sometimes\n"),
    "updates: an error": _said("automatic_updates", DOWNLOAD, "defaults", "", err=DEFAULT_ERROR, rc=1),
    "updates: nothing": _silent("automatic_updates", DOWNLOAD, "defaults"),
    "nvram: not supported": _said("boot_arguments", NVRAM, "nvram", "", err="nvram is not supported\n", rc=1),
    "nvram: nothing": _silent("boot_arguments", NVRAM, "nvram"),
    "nvram: the running system": _said("boot_arguments", ACTIVE, "sysctl", "", err="unknown oid\n", rc=1),
    "scutil: no access": _said("name", SCUTIL, "scutil", "", err="Permission denied\n", rc=1),
    "scutil: nothing": _silent("name", SCUTIL, "scutil"),
}
