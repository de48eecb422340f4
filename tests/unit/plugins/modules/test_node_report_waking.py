# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about waking: what a Linux card was told, now and for the next boot, and whether it ever woke the host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

MAC = "a8:5e:45:00:00:21"
NO_MANAGER = call(["systemctl", "is-active", "--quiet", "NetworkManager.service"], rc=3)
LINK = f"""\
# Written by hybrid_ai.cluster; changes are overwritten.
[Match]
PermanentMACAddress={MAC}

[Link]
NamePolicy=keep
WakeOnLan=magic
"""
UDEV = call(["udevadm", "info", "--query=property", "--path=/sys/class/net/eno1"])


def ethtool(modes: str) -> Any:
    return call(["ethtool", "eno1"], out=f"\tSupports Wake-on: pumbg\n\tWake-on: {modes}\n")


def line(run_module: Run, check: dict[str, Any], calls: list[Any]) -> tuple[bool, str]:
    checks = [{"capability": "power_management", "mac_address": MAC, **check}]
    [found] = run_module("node_report", {"checks": checks}, calls, system="Linux")["lines"]
    return found["ok"], found["measured"]


@pytest.mark.parametrize(
    ("modes", "link", "ok", "measured"),
    [
        ("g", LINK, True, "eno1: a magic packet wakes it, the same after a boot"),
        ("d", LINK, False, "eno1: a magic packet does not wake it, after a boot"),
        ("g", None, False, "eno1: a magic packet wakes it, not after a boot"),
        ("d", None, False, "eno1: a magic packet does not wake it, the same after a boot"),
    ],
)
def test_card(run_module: Run, host_files: Path, modes: str, link: str | None, *, ok: bool, measured: str) -> None:
    card = host_files / "sys/class/net/eno1"
    card.mkdir(parents=True)
    (card / "address").write_text(f"{MAC}\n", encoding="ascii")
    (card / "uevent").write_text("INTERFACE=eno1\n", encoding="ascii")
    if link:
        path = host_files / "etc/systemd/network/00-hybrid-ai-wake.link"
        path.parent.mkdir(parents=True)
        path.write_text(link, encoding="utf-8")
    calls = [ethtool(modes), NO_MANAGER, *([] if link else [UDEV])]
    assert line(run_module, {"check": "wake_on_lan"}, calls) == (ok, measured)


@pytest.mark.parametrize(
    ("proof", "measured"),
    [
        (None, "not sent to sleep: it was never proved that it wakes"),
        (
            {"mac_address": "a8:5e:45:00:00:99", "seconds": 4},
            "not sent to sleep: it was proved to wake by a8:5e:45:00:00:99",
        ),
        ({"mac_address": MAC, "seconds": 4.5}, "woke after 4.5 s"),
    ],
)
def test_proof(run_module: Run, host_files: Path, proof: dict[str, Any] | None, measured: str) -> None:
    if proof:
        path = host_files / "var/lib/hybrid-ai/wake-proof.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(proof), encoding="utf-8")
    ok, said = line(run_module, {"check": "wake_proof"}, [])
    assert ok
    assert said.startswith(measured)
