# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What verify says of NVIDIA's driver: every card has it, and what is loaded is what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Arguments, Context
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report.nvidia_driver import measure

from tests.unit.plugins.harness import Call, Replay, call

if TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Measurement

KERNEL = "6.8.0-85-generic"
LOADED = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.173.02  Release Build  (dvs-builder@U16)\n"


def card(host: Path, number: int, driver: str | None = "nvidia", device: str = "0x2b85") -> None:
    folder = host / f"sys/bus/pci/devices/0000:{number:02x}:00.0"
    folder.mkdir(parents=True)
    for name, text in {"vendor": "0x10de", "device": device, "class": "0x030000"}.items():
        (folder / name).write_text(f"{text}\n", encoding="ascii")
    if driver:
        (folder / "driver").symlink_to(f"../../../../bus/pci/drivers/{driver}")


def load(host: Path, text: str = LOADED) -> None:
    path = host / "proc/driver/nvidia/version"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="ascii")


def module(version: str = "580.173.02") -> list[Call]:
    ask = ["modinfo", "-k", KERNEL]
    return [
        call(["uname", "-r"], out=f"{KERNEL}\n"),
        call([*ask, "-F", "version", "nvidia"], out=f"{version}\n"),
        call([*ask, "-F", "license", "nvidia"], out="Dual MIT/GPL\n"),
    ]


def measured(calls: list[Call], **arguments: Any) -> Measurement:
    port = Replay(calls)
    found = measure(Arguments(arguments), Context(port, lambda *_, **__: None, "Linux"))  # type: ignore[arg-type,return-value]
    port.finish()
    return found


def test_every_card_has_it(host_files: Path) -> None:
    card(host_files, 1)
    card(host_files, 2)
    load(host_files)
    found = measured(module())
    assert (found.ok, found.measured) == (True, "open 580.173.02 for 2 cards")
    assert measured(module(), branch=580, flavour="open").ok


def test_no_driver_is_loaded(host_files: Path) -> None:
    card(host_files, 1, "nouveau")
    found = measured([])
    assert (found.ok, found.measured) == (False, "no driver is loaded for one card; nouveau has them")


def test_a_reboot_is_pending(host_files: Path) -> None:
    card(host_files, 1)
    load(host_files)
    found = measured(module("580.178.04"))
    assert (found.ok, found.measured) == (False, "open 580.173.02 is loaded, and open 580.178.04 installed")
    assert "reboots this host when it is idle" in found.advice


def test_a_card_without_it_is_named(host_files: Path) -> None:
    card(host_files, 1)
    card(host_files, 2, None)
    load(host_files)
    found = measured(module())
    assert (found.ok, found.measured) == (False, "open 580.173.02 without GeForce RTX 5090 (0000:02:00.0)")


@pytest.mark.parametrize(
    ("parameters", "ok"),
    [
        pytest.param("PreserveVideoMemoryAllocations: 0\nUseKernelSuspendNotifiers: 0\n", False, id="neither"),
        pytest.param("PreserveVideoMemoryAllocations: 1\nUseKernelSuspendNotifiers: 0\n", True, id="services"),
        pytest.param("PreserveVideoMemoryAllocations: 2\nUseKernelSuspendNotifiers: 1\n", True, id="notifiers"),
        pytest.param("ResmanDebugLevel: 4294967295\n", True, id="not-said"),
    ],
)
def test_options_are_read_back(host_files: Path, parameters: str, *, ok: bool) -> None:
    card(host_files, 1)
    load(host_files)
    (host_files / "proc/driver/nvidia/params").write_text(parameters, encoding="ascii")
    assert measured(module()).ok is ok


@pytest.mark.parametrize("branch", [570, 620])
def test_another_branch_is_wanted(host_files: Path, branch: int) -> None:
    card(host_files, 1)
    load(host_files)
    assert not measured(module(), branch=branch).ok


def test_a_branch_that_cannot_be_says_why(host_files: Path) -> None:
    card(host_files, 1)
    load(host_files)
    found = measured(module(), branch=550)
    assert not found.ok
    assert "needs the open modules of branch 570 or newer" in found.advice
