# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether the kernel that boots next has the driver, in its modules and its initramfs; and whether it has to boot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import CommandError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.branches import DriverError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.host import boot_kernels
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import Module, loaded_module

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import Card

OPTIONS_FILE = "/etc/modprobe.d/zz-hybrid-ai-nvidia.conf"
"""Ours; of the options in several files the last counts."""
BUILT = "/lib/modules/{kernel}/updates/dkms"
SECONDS = 1800
_LICENSES = {"Dual MIT/GPL": "open", "NVIDIA": "proprietary"}


@dataclass(frozen=True)
class Next:
    """The kernel that boots next."""

    kernel: str
    module: Module | None
    """What it would load."""
    module_file: str | None
    initramfs: str


def read(commands: Commands) -> Next:
    """Return what boots next."""
    kernels = boot_kernels()
    if not kernels:
        raise DriverError(
            "/boot has no kernel, so what boots next is not known: look where this host keeps its kernels."
        )
    return Next(
        kernels[0], module_of(commands, kernels[0]), _file(commands, kernels[0]), f"/boot/initrd.img-{kernels[0]}"
    )


def module_of(commands: Commands, kernel: str) -> Module | None:
    """Return the module that a kernel would load."""
    version = commands.run(["modinfo", "-k", kernel, "-F", "version", "nvidia"])
    if version.rc != 0 or not version.out.strip():
        return None
    license_ = commands.run(["modinfo", "-k", kernel, "-F", "license", "nvidia"]).out.strip()
    return Module(version.out.strip(), _LICENSES.get(license_, f"unknown ({license_})"))


def _file(commands: Commands, kernel: str) -> str | None:
    answer = commands.run(["modinfo", "-k", kernel, "-n", "nvidia"])
    return answer.out.strip() or None if answer.rc == 0 else None


def remove_built(commands: Commands, kernel: str) -> list[str]:
    """Remove modules that DKMS built for a kernel: they would be loaded before those that are signed."""
    folder = _files.real(BUILT.format(kernel=kernel))
    found = sorted(folder.glob("nvidia*.ko*")) if folder.is_dir() else []
    if not found:
        return []
    _forget_in_dkms(commands)
    for path in found:
        path.unlink(missing_ok=True)
    commands.check_output(["depmod", kernel])
    return [path.name for path in found]


def _forget_in_dkms(commands: Commands) -> None:
    try:
        said = commands.run(["dkms", "status", "nvidia"]).out
    except CommandError:
        return  # its package has gone before them
    for version in sorted(set(re.findall(r"^nvidia/([^,\s]+)", said, re.MULTILINE))):
        commands.run(["dkms", "remove", f"nvidia/{version}", "--all"], timeout=SECONDS)


def build(commands: Commands, kernel: str) -> None:
    """Have DKMS build what it has the sources of, for a kernel that lacks it."""
    try:
        commands.run(["dkms", "autoinstall", "--kernelver", kernel], timeout=SECONDS)
    except CommandError as error:
        raise DriverError(f"The modules for the kernel {kernel} cannot be built: {error}") from error


def stale(found: Next, changed_files: Sequence[str] = (OPTIONS_FILE,)) -> str | None:
    """Return what is wrong with the initramfs, or None."""
    path = _files.real(found.initramfs)
    if not path.is_file():
        return f"{found.initramfs} is missing"
    status = path.stat()
    if status.st_size == 0:
        return f"{found.initramfs} is empty"
    for name in filter(None, (found.module_file, *changed_files)):
        other = _files.real(name)
        if other.is_file() and _changed(other) > status.st_mtime:
            return f"{found.initramfs} is older than {name}"
    return None


def _changed(path: Path) -> float:
    """Return when a file came to be what it is: a package gives it the time of its making, and not of its arrival."""
    status = path.stat()
    return max(status.st_mtime, status.st_ctime)


def write(commands: Commands, found: Next) -> None:
    """Write the initramfs anew; half of one is worse than none, so what it says is looked at afterwards."""
    how = "-u" if _files.real(found.initramfs).is_file() else "-c"
    answer = commands.run(["update-initramfs", how, "-k", found.kernel], timeout=SECONDS)
    wrong = stale(found)
    if answer.rc != 0 or wrong:
        raise DriverError(
            f"The initramfs of the kernel {found.kernel}, which boots next, cannot be written"
            f" ({wrong or answer.text[-300:]}): this host is not rebooted, because it might not come back. Make room in"
            " /boot, and run this again."
        )


def is_right(module: Module | None, branch: int, flavour: str) -> bool:
    """Tell whether a module is of the wanted branch and flavour."""
    return module is not None and module.version.startswith(f"{branch}.") and module.flavour == flavour


def require(found: Next, branch: int, flavour: str, *, prebuilt: bool) -> None:
    """Refuse to go on with a kernel that would boot without the driver."""
    if found.module is None:
        advice = (
            "Ubuntu has not built any for it yet, or its package is missing: remove that kernel, or wait, and run this"
            " again."
            if prebuilt
            else "See `dkms status nvidia` and /var/lib/dkms/nvidia/*/build/make.log; DKMS needs the headers of that"
            " kernel."
        )
        raise DriverError(
            f"The kernel {found.kernel}, which boots next, has no NVIDIA module: this host is not rebooted. {advice}"
        )
    if not is_right(found.module, branch, flavour):
        raise DriverError(
            f"The kernel {found.kernel}, which boots next, would load {found.module_file}, which is"
            f" {found.module.flavour} {found.module.version}, where {flavour} {branch} is wanted: this host is not"
            f" rebooted. Remove that file, and run `sudo depmod {found.kernel}`."
        )


def reasons(
    found: Next, running: str, running_module: Module | None, cards: Sequence[Card], held_by: dict[str, str]
) -> list[str]:
    """Return why the driver is used only after a reboot."""
    loaded = loaded_module()
    holders = sorted({held_by[card.address] for card in cards if card.address in held_by} - {"nvidia"})
    if holders:
        return [f"{' and '.join(holders)} has the card"]
    if loaded is not None and loaded != found.module:
        wanted = found.module
        now = f"{loaded.flavour} {loaded.version}"
        return (
            [f"the module that is loaded is {now}, and the one installed {wanted.flavour} {wanted.version}"]
            if wanted
            else []
        )
    if loaded is None and running_module != found.module and running != found.kernel:
        return [f"the kernel {running} that runs has no such module, and {found.kernel} has"]
    return []
