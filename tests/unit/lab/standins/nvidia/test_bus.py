# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The simulated bus and kernel: who takes the cards at a boot, and what each program says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import cards, loaded

from lab.standins.nvidia.bus import guest
from lab.standins.nvidia.bus.standin.machine import DEVICES, STATE, Machine
from lab.standins.nvidia.bus.standin.programs import PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., int]

KERNEL = "6.1.0-40-amd64"
V100, RTX_5090 = "0x1db4", "0x2b85"


@pytest.fixture
def describe(tmp_path: Path) -> Callable[..., Machine]:
    """Have a machine with some cards, headers and the sources of a module."""

    def make(*devices: str, version: str | None = "595.71.05", flavour: str = "open", **more: Any) -> Machine:
        listed = [{"address": f"0000:{number:02x}:00.0", "device": one} for number, one in enumerate(devices, 1)]
        put(tmp_path / "etc/hybrid-lab/nvidia.json", json.dumps({"cards": listed, **more}))
        put(tmp_path / f"boot/vmlinuz-{KERNEL}")
        put(tmp_path / f"lib/modules/{KERNEL}/build/Makefile")
        if version:
            put(
                tmp_path / f"usr/src/nvidia-{version}/module.json", json.dumps({"version": version, "flavour": flavour})
            )
        machine = Machine(tmp_path)
        PROGRAMS["boot"](machine, [])
        return machine

    return make


def put(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def held(machine: Machine) -> list[str | None]:
    links = [machine.path(f"{DEVICES}/{card['address']}/driver") for card in machine.cards]
    return [link.readlink().name if link.is_symlink() else None for link in links]


def state(machine: Machine) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(machine.path(STATE).read_text(encoding="utf-8"))
    return read


def test_a_bare_host_has_nouveau(describe: Callable[..., Machine]) -> None:
    machine = describe(RTX_5090)
    assert held(machine) == ["nouveau"]
    assert state(machine)["driver"] == {"version": None, "flavour": None, "loaded": False}


def test_nouveau_is_kept_away_and_the_module_loads(describe: Callable[..., Machine], tmp_path: Path) -> None:
    put(tmp_path / "etc/modprobe.d/ours.conf", "blacklist nouveau\n")
    machine = describe(RTX_5090)
    assert held(machine) == [None]
    assert PROGRAMS["dkms"](machine, ["install", "nvidia/595.71.05"]) == 0
    assert PROGRAMS["modprobe"](machine, ["nvidia"]) == 0
    assert held(machine) == ["nvidia"]
    assert state(machine)["driver"] == {"version": "595.71.05", "flavour": "open", "loaded": True}


def test_it_is_read_as_a_real_host_is(
    describe: Callable[..., Machine], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_files, "ROOT", str(tmp_path))
    machine = describe(V100, RTX_5090)
    found = cards.read_cards(tmp_path / DEVICES)
    assert [card.name for card in found] == ["Tesla V100-PCIE-16GB", "GeForce RTX 5090"]
    PROGRAMS["dkms"](machine, ["install", "nvidia/595.71.05"])
    PROGRAMS["boot"](machine, [])
    assert loaded.loaded_module() == loaded.Module("595.71.05", "open")
    assert held(machine) == [None, "nvidia"]


@pytest.mark.parametrize(
    ("device", "module", "works"),
    [
        (V100, {"version": "580.173.02", "flavour": "proprietary"}, True),
        (V100, {"version": "580.173.02", "flavour": "open"}, False),
        (V100, {"version": "595.71.05", "flavour": "open"}, False),
        (RTX_5090, {"version": "580.173.02", "flavour": "open"}, True),
        (RTX_5090, {"version": "580.173.02", "flavour": "proprietary"}, False),
    ],
)
def test_a_boot_needs_the_right_module(
    describe: Callable[..., Machine], tmp_path: Path, device: str, module: dict[str, str], *, works: bool
) -> None:
    put(tmp_path / "etc/modprobe.d/ours.conf", "blacklist nouveau\n")
    machine = describe(device, **module)
    PROGRAMS["dkms"](machine, ["autoinstall"])
    PROGRAMS["boot"](machine, [])
    assert held(machine) == (["nvidia"] if works else [None])


@pytest.mark.parametrize(
    ("more", "before", "program", "says"),
    [
        pytest.param({}, [], ["modprobe", "nvidia"], "FATAL: Module nvidia not found in directory", id="none"),
        pytest.param(
            {"secure_boot": True},
            ["dkms", "autoinstall"],
            ["modprobe", "nvidia"],
            "Key was rejected by service",
            id="unsigned",
        ),
        pytest.param({}, ["dkms", "autoinstall"], ["modprobe", "nvidia"], "No such device", id="nouveau-has-it"),
        pytest.param(
            {}, [], ["modinfo", "-k", KERNEL, "-n", "nvidia"], "modinfo: ERROR: Module nvidia not found", id="modinfo"
        ),
        pytest.param(
            {"fault": "boot_full"}, [], ["update-initramfs", "-u"], "No space left on device", id="no-room-in-boot"
        ),
        pytest.param(
            {"fault": "build_fails"}, [], ["dkms", "autoinstall"], "Bad return status for module build", id="build"
        ),
    ],
)
def test_what_goes_wrong_says_so(
    describe: Callable[..., Machine],
    capsys: pytest.CaptureFixture[str],
    *,
    more: dict[str, Any],
    before: list[str],
    program: list[str],
    says: str,
) -> None:
    machine = describe(RTX_5090, **more)
    if before:
        assert PROGRAMS[before[0]](machine, before[1:]) == 0
    assert PROGRAMS[program[0]](machine, program[1:]) != 0
    assert says in capsys.readouterr().err


def test_modinfo_and_mokutil_answer(describe: Callable[..., Machine], capsys: pytest.CaptureFixture[str]) -> None:
    machine = describe(RTX_5090, secure_boot=True)
    PROGRAMS["dkms"](machine, ["autoinstall"])
    for words in (
        ["modinfo", "-F", "version", "nvidia"],
        ["modinfo", "-F", "license", "nvidia"],
        ["modinfo", "-n", "nvidia"],
    ):
        assert PROGRAMS[words[0]](machine, words[1:]) == 0
    assert PROGRAMS["mokutil"](machine, ["--sb-state"]) == 0
    assert PROGRAMS["dkms"](machine, ["status", "nvidia"]) == 0
    assert PROGRAMS["uname"](machine, ["-r"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "595.71.05",
        "Dual MIT/GPL",
        f"/lib/modules/{KERNEL}/updates/dkms/nvidia.ko",
        "SecureBoot enabled",
        f"nvidia/595.71.05, {KERNEL}, x86_64: installed",
        KERNEL,
    ]


def test_packages_say_which_library_is_there(describe: Callable[..., Machine]) -> None:
    machine = describe(RTX_5090)
    PROGRAMS["library"](machine, ["595.71.05"])
    assert state(machine)["library"] == "595.71.05"
    PROGRAMS["library"](machine, [])
    assert state(machine)["library"] is None


def test_a_machine_has_its_gpus_in_slots() -> None:
    assert [card["address"] for card in guest.machine("0x1db4,0x1db4")["cards"]] == ["0000:01:00.0", "0000:02:00.0"]
    assert guest.machine("")["cards"] == []


def test_a_program_runs_by_its_name(describe: Callable[..., Machine]) -> None:
    machine = describe(RTX_5090, secure_boot=True)
    environment = {"HYBRID_LAB_ROOT": str(machine.root), "PYTHONPATH": str(guest.HERE)}
    command = [sys.executable, "-m", "standin", "mokutil", "--sb-state"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "SecureBoot enabled\n"
