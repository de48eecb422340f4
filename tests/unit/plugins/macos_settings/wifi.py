# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from tests.unit.plugins.harness import call
from tests.unit.plugins.mac_network import addresses
from tests.unit.plugins.macos_settings.table import Failure, Line, Run, hangs, said, silent
from tests.unit.plugins.recorded import recorded

NETWORKSETUP = "/usr/sbin/networksetup"
LIST = [NETWORKSETUP, "-listallhardwareports"]
MINI = recorded("networksetup-listallhardwareports.macos-26.txt")
PORTS = call(LIST, out=MINI)
WIRED = call(LIST, out=MINI.replace("Hardware Port: Wi-Fi", "Hardware Port: USB"))
READ = [NETWORKSETUP, "-getairportpower", "en1"]
ON = call(READ, out="Wi-Fi Power (en1): On\n")
OFF = call(READ, out="Wi-Fi Power (en1): Off\n")
CABLE = addresses(en0="10.66.1.11", en1="")
TURN_OFF = call([NETWORKSETUP, "-setairportpower", "en1", "off"])
TURN_ON = call([NETWORKSETUP, "-setairportpower", "en1", "on"])

WANTED = False
RUNS = [
    Run("change", {"wifi": False}, [PORTS, ON, CABLE, TURN_OFF, PORTS, OFF], changed=True, value=False),
    Run("turn on", {"wifi": True}, [PORTS, OFF, TURN_ON, PORTS, ON], changed=True, value=True),
    Run("no change", {"wifi": False}, [PORTS, OFF], changed=False, value=False),
    Run("no radio is off", {"wifi": False}, [WIRED], changed=False, value=False),
    Run("check mode", {"wifi": False}, [PORTS, ON, CABLE], changed=True, value=False, check=True),
]
FAILURES = [
    Failure(
        "read-back with exit status 0",
        {"wifi": False},
        [PORTS, ON, CABLE, TURN_OFF, PORTS, ON],
        "The change did not take effect: wifi is on instead of off. `/usr/sbin/networksetup -setairportpower en1 off` "
        "ended with status 0.",
    ),
    Failure(
        "no radio to turn on",
        {"wifi": True},
        [WIRED],
        "This Mac has no Wi-Fi: `networksetup -listallhardwareports` lists no port Wi-Fi.",
    ),
    Failure(
        "the connection runs over it",
        {"wifi": False, "connection_address": "10.66.1.12"},
        [PORTS, ON, addresses(en1="10.66.1.12")],
        "Wi-Fi stays on, because the connection to 10.66.1.12 runs over en1: reach this Mac over a cable first, with "
        "its address there as ansible_host, or leave Wi-Fi alone.",
    ),
]
LINES = [
    Line("on", True, [PORTS, ON], True, "on", "on"),
    Line("not off", False, [PORTS, ON], False, "on", "off"),
]
UNKNOWN = [
    said(
        "no such interface",
        READ,
        "networksetup",
        "en1 is not a Wi-Fi interface.\n** Error: Error obtaining wireless information.\n",
        first=[PORTS],
    ),
    said("neither on nor off", READ, "networksetup", "Wi-Fi Power (en1): Unknown\n", first=[PORTS]),
    said("off with a failure", READ, "networksetup", "Wi-Fi Power (en1): Off\n", first=[PORTS], rc=10),
    silent(LIST, "networksetup"),
    said("ports in words", LIST, "networksetup", "Anschluss: WLAN\nGerät: en1\n"),
    hangs(READ, first=[PORTS]),
]
