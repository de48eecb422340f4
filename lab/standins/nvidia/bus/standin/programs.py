# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The programs that ask the kernel for something, with their real texts and exit statuses."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

from .boot import allowed, boot, load
from .machine import COMPILED, DEVICES, LIBRARY, serves

if TYPE_CHECKING:
    from collections.abc import Callable

    from .machine import Machine

LICENSES = {"open": "Dual MIT/GPL", "proprietary": "NVIDIA"}


def uname(machine: Machine, arguments: list[str]) -> int:
    """Tell of the simulated kernel; of everything else the real program does."""
    if arguments == ["-r"]:
        print(machine.kernel)
        return 0
    os.execv("/usr/bin/uname", ["uname", *arguments])  # noqa: S606 - a program in place of this one
    return None


def modinfo(machine: Machine, arguments: list[str]) -> int:
    """Answer `modinfo [-k KERNEL] (-n | -F FIELD) nvidia`."""
    kernel = _option(arguments, "-k") or machine.kernel
    path, module = machine.module_file(kernel), machine.module(kernel)
    if path is None or module is None or "nvidia" not in arguments:
        print(f"modinfo: ERROR: Module nvidia not found in directory /lib/modules/{kernel}", file=sys.stderr)
        return 1
    fields = {"version": module["version"], "license": LICENSES[module["flavour"]]}
    print(f"/{path.relative_to(machine.root)}" if "-n" in arguments else fields[str(_option(arguments, "-F"))])
    return 0


def modprobe(machine: Machine, arguments: list[str]) -> int:
    """Load a module."""
    name = next((word for word in arguments if not word.startswith("-")), "")
    if name not in {"nvidia", "nvidia_uvm", "nvidia-uvm"}:
        return 0
    module = machine.module(machine.kernel)
    if module is None:
        return _refuse(f"modprobe: FATAL: Module {name} not found in directory /lib/modules/{machine.kernel}")
    if not allowed(machine, module):
        return _refuse("modprobe: ERROR: could not insert 'nvidia': Key was rejected by service")
    if machine.state.get("driver", {}).get("loaded"):
        return 0
    free = [card for card in machine.cards if not machine.path(f"{DEVICES}/{card['address']}/driver").is_symlink()]
    if not any(serves(module, card) for card in free):
        return _refuse("modprobe: ERROR: could not insert 'nvidia': No such device")
    load(machine, module)
    return 0


def mokutil(machine: Machine, arguments: list[str]) -> int:
    """Answer for the firmware."""
    if "--sb-state" in arguments:
        print(f"SecureBoot {'enabled' if machine.described.get('secure_boot') else 'disabled'}")
        return 0
    key = _option(arguments, "--test-key")
    enrolled = machine.has_fault("key_enrolled")
    print(f"{key} is {'already' if enrolled else 'not'} enrolled")
    return int(enrolled)


def depmod(machine: Machine, arguments: list[str]) -> int:  # noqa: ARG001 - every program is called so
    """Do nothing: the module is looked for anew each time."""
    return 0


def update_initramfs(machine: Machine, arguments: list[str]) -> int:
    """Write the initramfs of a kernel, or of all."""
    wanted = _option(arguments, "-k") or "all"
    for kernel in machine.kernels() if wanted == "all" else [wanted]:
        path = machine.path(f"boot/initrd.img-{kernel}")
        print(f"update-initramfs: Generating /boot/{path.name}")
        if machine.has_fault("boot_full"):
            print("zstd: error 70 : Write error : cannot write block : No space left on device", file=sys.stderr)
            print(f"update-initramfs: failed for /boot/{path.name} with 1.", file=sys.stderr)
            return 1
        path.write_text(json.dumps(machine.module(kernel)) + "\n", encoding="utf-8")
    return 0


def dkms(machine: Machine, arguments: list[str]) -> int:
    """Answer `dkms status`, `install`, `autoinstall` and `remove` for NVIDIA's module."""
    verb = arguments[0] if arguments else ""
    named = next((word.partition("/")[2] for word in arguments if word.startswith("nvidia/")), "*")
    sources = sorted(machine.path("usr/src").glob(f"nvidia-{named}/module.json"))
    if verb == "status":
        return _status(machine)
    if verb in {"install", "autoinstall"}:
        kernel = _option(arguments, "--kernelver") or _option(arguments, "-k")
        kernels = [kernel] if kernel else machine.kernels()
        return max(
            (_build(machine, each, json.loads(sources[-1].read_text())) for each in kernels if sources), default=0
        )
    if verb == "remove":
        for kernel in machine.kernels():
            shutil.rmtree(machine.path(f"lib/modules/{kernel}/updates/dkms"), ignore_errors=True)
        return 0
    return _refuse("Error! Unknown action specified.")


def _status(machine: Machine) -> int:
    for kernel in machine.kernels():
        path = machine.path(f"lib/modules/{kernel}/updates/dkms/nvidia.ko")
        if path.exists():
            print(f"nvidia/{json.loads(path.read_text())['version']}, {kernel}, x86_64: installed")
    return 0


def _build(machine: Machine, kernel: str, module: dict[str, Any]) -> int:
    if not machine.path(f"lib/modules/{kernel}/build").exists():
        print(
            f"Error! Your kernel headers for kernel {kernel} cannot be found at /lib/modules/{kernel}/build.",
            file=sys.stderr,
        )
        # As it is in autoinstall: a kernel without headers is left out.
        return 0
    if machine.has_fault("build_fails"):
        log = machine.path(f"var/lib/dkms/nvidia/{module['version']}/build/make.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(
            "nvidia/nv.c:1:1: error: implicit declaration of function 'follow_pfn'\nmake: *** Error 2\n",
            encoding="ascii",
        )
        return _refuse(f"Error! Bad return status for module build on kernel: {kernel} (x86_64)", 10)
    path = machine.path(f"lib/modules/{kernel}/updates/dkms/nvidia.ko")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**module, "signed": False}) + "\n", encoding="utf-8")
    return 0


def library(machine: Machine, arguments: list[str]) -> int:
    """Have libcuda.so.1 in the version that a package brings, or no longer; only packages of the lab ask."""
    path, compiled = machine.path(LIBRARY), machine.path(COMPILED)
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = machine.path("usr/lib")
    for old in folder.glob("libcuda.so.*"):
        old.unlink()
    if arguments and compiled.exists():
        shutil.copyfile(compiled, folder / f"libcuda.so.{arguments[0]}")
        (folder / "libcuda.so.1").symlink_to(f"libcuda.so.{arguments[0]}")
    if arguments:
        path.write_text(f"{arguments[0]}\n", encoding="ascii")
    else:
        path.unlink(missing_ok=True)
    driver = machine.state.get("driver", {})
    machine.write_state(driver if driver.get("loaded") else None)
    return 0


def _option(arguments: list[str], name: str) -> str | None:
    return arguments[arguments.index(name) + 1] if name in arguments[:-1] else None


def _refuse(sentence: str, status: int = 1) -> int:
    print(sentence, file=sys.stderr)
    return status


PROGRAMS: dict[str, Callable[[Machine, list[str]], int]] = {
    "boot": boot,
    "library": library,
    "depmod": depmod,
    "dkms": dkms,
    "modinfo": modinfo,
    "modprobe": modprobe,
    "mokutil": mokutil,
    "uname": uname,
    "update-initramfs": update_initramfs,
}
