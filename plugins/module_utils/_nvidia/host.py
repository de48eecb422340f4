# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a host is and has, as far as the choice of a driver needs it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import bus, packages, secure_boot
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import read_cards
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import loaded_module

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.cards import Card
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia.loaded import Module
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

INSTALLED = ["dpkg-query", "--show", "--showformat", "${Package}\\t${db:Status-Abbrev}\\t${Version}\\n"]
IMAGES = ["dpkg-query", "--show", "--showformat", "${Package}\\t${Depends}\\n", "linux-image-*"]
DISPLAY_MANAGER = "/etc/systemd/system/display-manager.service"
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Host:
    """What was measured."""

    distribution: str
    version: str
    architecture: str
    """In Debian's words."""
    kernel: packages.Kernel
    secure_boot: bool | Unknown
    key_enrolled: bool
    desktop: bool
    """Whether somebody looks at a screen of it."""
    installed: dict[str, str] = field(default_factory=dict)
    """All packages with their versions."""
    cards: tuple[Card, ...] = ()
    held_by: dict[str, str] = field(default_factory=dict)
    """The kernel driver that has each card, by address."""
    loaded: Module | None = None
    boot_free: int = 0
    """Megabytes that are free where the initramfs is."""
    initramfs: dict[str, int] = field(default_factory=dict)
    """Megabytes of each kernel's."""


def measure(commands: Commands) -> Host:
    """Read everything; nothing is changed."""
    release = _release()
    running = commands.check_output(["uname", "-r"]).strip()
    installed = installed_packages(commands)
    distribution = release.get("ID", "")
    cards = tuple(read_cards())
    kernels = boot_kernels()
    return Host(
        distribution=distribution,
        version=release.get("VERSION_ID", ""),
        architecture=commands.check_output(["dpkg", "--print-architecture"]).strip(),
        kernel=packages.Kernel(running, _meta(commands, running, installed), tuple(kernels)),
        secure_boot=secure_boot.read(commands),
        key_enrolled=secure_boot.key_enrolled(commands, distribution),
        desktop=_files.exists(DISPLAY_MANAGER) or any(map(packages.is_graphical, installed)),
        installed=installed,
        cards=cards,
        held_by=bus.holders(cards),
        loaded=loaded_module(),
        boot_free=_free("/boot"),
        initramfs={kernel: size for kernel in kernels for size in [_size(f"/boot/initrd.img-{kernel}")] if size},
    )


def _release() -> dict[str, str]:
    text = (_files.read("/etc/os-release") or b"").decode("utf-8", "replace")
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))


def installed_packages(commands: Commands) -> dict[str, str]:
    """Return the packages that are installed, as a whole or half."""
    lines = commands.check_output(INSTALLED).splitlines()
    rows = [line.split("\t") for line in lines]
    # The second letter: n and c are not installed, or only their configuration is.
    return {row[0]: row[2] for row in rows if len(row) == 3 and row[1][1:2] not in ("n", "c", "")}


def _meta(commands: Commands, running: str, installed: dict[str, str]) -> str:
    """Return what the packages of the running kernel are called: those that bring each next one."""
    found = [line.partition("\t") for line in commands.run(IMAGES).out.splitlines()]
    metas = [name for name, _, depends in found if name in installed and f"linux-image-{running}" in depends]
    if not metas:
        # A newer one is installed and not booted yet.
        metas = [name for name, _, depends in found if name in installed and re.search(r"linux-image-\d", depends)]
    if metas:
        return min(metas, key=len)[len("linux-image-") :]
    return running.rpartition("-")[2]


def boot_kernels() -> list[str]:
    """Return the versions of the kernels in /boot, the newest first, which is the one that boots."""
    folder = _files.real("/boot")
    names = [path.name[len("vmlinuz-") :] for path in folder.glob("vmlinuz-*")] if folder.is_dir() else []
    return sorted(names, key=version_key, reverse=True)


def version_key(version: str) -> list[tuple[int, int, str]]:
    """Sort numbers as numbers, and words before them."""
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[A-Za-z]+", version)]


def _free(path: str) -> int:
    folder = _files.real(path)
    status = os.statvfs(folder if folder.is_dir() else _files.real("/"))
    return status.f_bavail * status.f_frsize // MEGABYTE


def _size(path: str) -> int:
    file = _files.real(path)
    return -(-file.stat().st_size // MEGABYTE) if file.is_file() else 0
