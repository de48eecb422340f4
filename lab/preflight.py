# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Refuse to start on a machine that cannot hold a lab, with one sentence that says what to do."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

from lab import names, packages
from lab.errors import MissingPackageError, NoSpaceError, NotLinuxError, NotRootError

ROOT_FILE_SYSTEM_BYTES = 2 * 1024**3
DISKS_BYTES = 1024**3


def check_machine() -> None:
    """Refuse a machine that is not Linux, a user that is not root, and missing programs."""
    check_system(platform.system())
    check_user(os.geteuid())
    check_programs()


def check_system(system: str) -> None:
    """Refuse every system but Linux."""
    if system != "Linux":
        raise NotLinuxError(f"The lab needs Linux, and this is {system}; run it in a Linux virtual machine.")


def check_user(user: int) -> None:
    """Refuse every user but root."""
    if user != 0:
        raise NotRootError("The lab needs root for namespaces and mounts; run the command with sudo.")


def check_programs() -> None:
    """Refuse a machine without a program the lab calls, and name the packages to install."""
    missing = {package for program, package in packages.PROGRAMS.items() if shutil.which(program) is None}
    if not Path(packages.KEYRING).is_file():
        missing.add(packages.KEYRING_PACKAGE)
    if missing:
        listed = " ".join(sorted(missing))
        raise MissingPackageError(f"This machine lacks what the lab needs; run `apt-get install {listed}`.")


def check_space(directory: Path, needed: int) -> None:
    """Refuse a disk with too little room left."""
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise NoSpaceError(
            f"The lab needs {_gigabytes(needed)} GB in {existing}, which has {_gigabytes(free)} GB; free some space."
        )


def check_root_file_system_space() -> None:
    """Refuse to build a root file system on a full disk."""
    check_space(names.CACHE, ROOT_FILE_SYSTEM_BYTES)


def check_disk_space() -> None:
    """Refuse to create hosts on a full disk."""
    check_space(names.DISKS, DISKS_BYTES)


def _gigabytes(count: int) -> str:
    return f"{count / 1024**3:.1f}"
