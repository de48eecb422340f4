# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""nvidia_driver_boot: no reboot into a kernel without the driver or a whole initramfs, and none without need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.plugins.harness import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., dict[str, Any]]

NAME = "nvidia_driver_boot"
KERNEL, OLDER, VERSION = "6.8.0-85-generic", "6.8.0-79-generic", "580.173.02"
FILE = f"/lib/modules/{KERNEL}/updates/dkms/nvidia.ko"
INITRAMFS = f"/boot/initrd.img-{KERNEL}"
WANTED = {"branch": 580, "flavour": "open"}
OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.173.02  Release Build  (dvs-builder@U16)\n"
FUTURE = 4_000_000_000


@pytest.fixture
def host(host_files: Path) -> Path:
    """Have a host whose module was built and is in its initramfs; nothing is loaded."""
    device = host_files / "sys/bus/pci/devices/0000:01:00.0"
    for name, text in {"vendor": "0x10de", "device": "0x2b85", "class": "0x030000"}.items():
        put(device / name, f"{text}\n")
    put(host_files / f"boot/vmlinuz-{KERNEL}")
    put(host_files / FILE[1:])
    initramfs(host_files)
    return host_files


def put(path: Path, text: str = "x") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def initramfs(host: Path, moment: int = FUTURE, text: str = "x") -> None:
    put(host / INITRAMFS[1:], text)
    os.utime(host / INITRAMFS[1:], (moment, moment))


def held_by(host: Path, driver: str) -> None:
    (host / "sys/bus/pci/devices/0000:01:00.0/driver").symlink_to(f"../../../../bus/pci/drivers/{driver}")


def module(version: str = VERSION, license_: str = "Dual MIT/GPL", kernel: str = KERNEL) -> list[Call]:
    ask = ["modinfo", "-k", kernel]
    return [
        call([*ask, "-F", "version", "nvidia"], out=f"{version}\n"),
        call([*ask, "-F", "license", "nvidia"], out=f"{license_}\n"),
    ]


def no_module(kernel: str = KERNEL) -> list[Call]:
    said = f"modinfo: ERROR: Module nvidia not found in directory /lib/modules/{kernel}\n"
    return [call(["modinfo", "-k", kernel, "-F", "version", "nvidia"], rc=1, err=said)]


def lies(path: str = FILE) -> Call:
    return call(["modinfo", "-k", KERNEL, "-n", "nvidia"], out=f"{path}\n")


def absent() -> Call:
    return call(["modinfo", "-k", KERNEL, "-n", "nvidia"], rc=1)


UNAME = call(["uname", "-r"], out=f"{KERNEL}\n")
LOADS = [call(["modprobe", "nvidia"]), call(["modprobe", "nvidia_uvm"])]


def test_a_free_card_needs_no_reboot(run_module: Run, host: Path) -> None:
    result = run_module(NAME, WANTED, [UNAME, *module(), lies(), *LOADS])
    assert (result["changed"], result["reboot"], result["version"], result["kernel"]) == (True, [], VERSION, KERNEL)


def test_what_is_loaded_stays(run_module: Run, host: Path) -> None:
    put(host / "proc/driver/nvidia/version", OPEN)
    held_by(host, "nvidia")
    result = run_module(NAME, WANTED, [UNAME, *module(), lies()])
    assert (result["changed"], result["reboot"]) == (False, [])


@pytest.mark.parametrize(
    ("holder", "loaded", "why"),
    [
        pytest.param("nouveau", None, "nouveau has the card", id="nouveau"),
        pytest.param(
            "nvidia",
            OPEN.replace(VERSION, "575.57.08"),
            "the module that is loaded is open 575.57.08, and the one installed open 580.173.02",
            id="another-version",
        ),
        pytest.param(
            "nvidia",
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.173.02  Tue Jun 23 08:38:17 UTC 2026\n",
            "the module that is loaded is proprietary 580.173.02, and the one installed open 580.173.02",
            id="another-flavour",
        ),
    ],
)
def test_a_reboot_has_a_reason(run_module: Run, host: Path, holder: str, loaded: str | None, why: str) -> None:
    held_by(host, holder)
    if loaded:
        put(host / "proc/driver/nvidia/version", loaded)
    put(host / "run/systemd/sessions/1", "USER=ada\nCLASS=user\nSEAT=seat0\n")
    result = run_module(NAME, WANTED, [UNAME, *module(), lies()])
    assert (result["changed"], result["reboot"]) == (False, [why])
    assert result["busy"] == ["ada is logged in at its screen"]


def test_a_module_for_the_next_kernel_alone_needs_a_reboot(run_module: Run, host: Path) -> None:
    running = call(["uname", "-r"], out=f"{OLDER}\n")
    result = run_module(NAME, WANTED, [running, *module(), lies(), *no_module(OLDER)])
    assert result["reboot"] == [f"the kernel {OLDER} that runs has no such module, and {KERNEL} has"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda host: (host / INITRAMFS[1:]).unlink(), id="missing"),
        pytest.param(lambda host: initramfs(host, text=""), id="empty"),
        pytest.param(lambda host: initramfs(host, moment=1), id="older-than-the-module"),
    ],
)
def test_an_initramfs_that_is_not_whole_is_written_first(
    run_module: Run, host: Path, damage: Callable[[Path], None]
) -> None:
    damage(host)
    how = "-u" if (host / INITRAMFS[1:]).exists() else "-c"
    written = call(["update-initramfs", how, "-k", KERNEL], effect=lambda: initramfs(host))
    assert run_module(NAME, WANTED, [UNAME, *module(), lies(), written, *LOADS])["changed"]


def test_one_that_cannot_be_written_is_never_rebooted_into(run_module: Run, host: Path) -> None:
    initramfs(host, moment=1)
    held_by(host, "nouveau")
    full = "zstd: error 70 : Write error : cannot write block : No space left on device"
    failed = call(["update-initramfs", "-u", "-k", KERNEL], rc=1, err=full)
    assert run_module(NAME, WANTED, [UNAME, *module(), lies(), failed])["msg"] == (
        f"The initramfs of the kernel {KERNEL}, which boots next, cannot be written ({INITRAMFS} is older than {FILE}):"
        " this host is not rebooted, because it might not come back. Make room in /boot, and run this again."
    )


def test_a_kernel_without_the_module_has_it_built(run_module: Run, host: Path) -> None:
    build = call(["dkms", "autoinstall", "--kernelver", KERNEL])
    calls = [UNAME, *no_module(), absent(), build, *module(), lies(), *LOADS]
    assert run_module(NAME, WANTED, calls)["changed"]


def test_one_that_cannot_be_built_is_never_rebooted_into(run_module: Run, host: Path) -> None:
    build = call(["dkms", "autoinstall", "--kernelver", KERNEL], rc=11)
    calls = [UNAME, *no_module(), absent(), build, *no_module(), absent()]
    message = run_module(NAME, WANTED, calls)["msg"]
    assert message.startswith(
        f"The kernel {KERNEL}, which boots next, has no NVIDIA module: this host is not rebooted."
    )


def test_a_kernel_that_ubuntu_has_no_modules_for_is_never_rebooted_into(run_module: Run, host: Path) -> None:
    (host / FILE[1:]).unlink()
    message = run_module(NAME, {**WANTED, "prebuilt": True}, [UNAME, *no_module(), absent()])["msg"]
    assert "has no NVIDIA module: this host is not rebooted. Ubuntu has not built any for it yet" in message


def test_a_module_of_somebody_else_in_its_place_is_named(run_module: Run, host: Path) -> None:
    theirs = [*module("570.1", "NVIDIA"), lies()]
    build = call(["dkms", "autoinstall", "--kernelver", KERNEL])
    message = run_module(NAME, WANTED, [UNAME, *theirs, build, *theirs])["msg"]
    assert f"would load {FILE}, which is proprietary 570.1, where open 580 is wanted" in message


def test_what_dkms_left_does_not_hide_signed_modules(run_module: Run, host: Path) -> None:
    signed = f"/lib/modules/{KERNEL}/kernel/nvidia-580/nvidia.ko"
    put(host / signed[1:])
    initramfs(host)
    calls = [
        *[UNAME, *module(), lies()],
        call(["dkms", "status", "nvidia"], out=f"nvidia/575.57.08, {KERNEL}, x86_64: installed\n"),
        call(["dkms", "remove", "nvidia/575.57.08", "--all"]),
        call(["depmod", KERNEL]),
        *[*module(), lies(signed), *LOADS],
    ]
    result = run_module(NAME, {**WANTED, "prebuilt": True}, calls)
    assert result["removed"] == ["nvidia.ko"]
    assert not (host / FILE[1:]).exists()


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        pytest.param(
            "modprobe: ERROR: could not insert 'nvidia': Key was rejected by service",
            "The module nvidia does not load: Secure Boot refuses it, because nobody whom the firmware trusts has"
            " signed it",
            id="unsigned",
        ),
        pytest.param(
            "modprobe: ERROR: could not insert 'nvidia': No such device",
            "it finds no card that it can drive",
            id="no-card",
        ),
        pytest.param("modprobe: FATAL: Something new.", "does not load: modprobe: FATAL: Something new", id="unknown"),
    ],
)
def test_a_module_that_does_not_load_says_why(run_module: Run, host: Path, said: str, advice: str) -> None:
    calls = [UNAME, *module(), lies(), call(["modprobe", "nvidia"], rc=1, err=f"{said}\n")]
    assert advice in run_module(NAME, WANTED, calls)["msg"]


def test_check_mode_loads_and_writes_nothing(run_module: Run, host: Path) -> None:
    initramfs(host, moment=1)
    result = run_module(NAME, WANTED, [UNAME, *no_module(), absent()], check=True)
    assert (result["changed"], result["version"]) == (True, None)


def test_a_host_without_a_kernel_in_boot_is_not_guessed_about(run_module: Run, host: Path) -> None:
    (host / f"boot/vmlinuz-{KERNEL}").unlink()
    assert run_module(NAME, WANTED, [UNAME])["msg"].startswith("/boot has no kernel")
