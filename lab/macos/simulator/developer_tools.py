# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The Command Line Tools: what is offered, and what an installation leaves on the disk."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .tool import Context

AREA = "command_line_tools"
DIRECTORY = "/Library/Developer/CommandLineTools"
RECEIPT = "com.apple.pkg.CLTools_Executables"
REQUEST = "/tmp/.com.apple.dt.CommandLineTools.installondemand.in-progress"  # noqa: S108 - Apple's own path
# Stands for the Python that comes with the tools; of git, compilers and make the lab has none.
PYTHON = "/System/Library/Simulator/bin/python3"
# The oldest first, which is not how Apple promises to list them.
VERSIONS = {15: ("16.2", "16.4"), 26: ("26.3", "26.4"), 27: ("27.0",)}


class Update:
    """One version on offer."""

    def __init__(self, major: int, version: str) -> None:
        self.version = version
        new = major >= 26
        self.title = f"Command Line Tools for Xcode {version}" if new else "Command Line Tools for Xcode"
        self.label = f"{self.title}-{version}"


def installed(context: Context) -> str:
    """Return the version that is installed, or nothing."""
    data = context.state.read(AREA)
    return str(data.get("version", "")) if data.get("installed") else ""


def offered(context: Context) -> list[Update]:
    """Return what the update server has for somebody who asked for it by Apple's flag file."""
    if not os.path.exists(context.path(REQUEST)):
        return []
    major = context.profile.major
    versions = [version for version in VERSIONS.get(major, ()) if version != installed(context)]
    # Of a version that is there, only a newer one is an update.
    if current := installed(context):
        versions = [version for version in versions if _numbers(version) > _numbers(current)]
    return [Update(major, version) for version in versions]


def install(context: Context, update: Update) -> None:
    """Leave what the installer leaves: the directory, the receipt and the programs."""
    import time

    now = int(time.time())
    programs = f"{DIRECTORY}/usr/bin"
    os.makedirs(context.path(programs), exist_ok=True)
    if not os.path.lexists(context.path(f"{programs}/python3")):
        os.symlink(PYTHON, context.path(f"{programs}/python3"))
    with context.state.edit(AREA) as data:
        data.update(installed=True, version=update.version)
    with context.state.edit("receipts") as receipts:
        receipts[RECEIPT] = {"version": f"{update.version}.0.0.1.{now}", "time": now}


def active_directory(context: Context) -> str:
    """Return the directory that the developer tools are taken from, or nothing where there are none."""
    selected = str(context.state.read("xcode_select").get("directory", ""))
    if selected and os.path.isdir(context.path(selected)):
        return selected
    return DIRECTORY if os.path.isdir(context.path(f"{DIRECTORY}/usr/bin")) else ""


def receipts(context: Context) -> dict[str, Any]:
    """Return every installer receipt by its package."""
    return context.state.read("receipts")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
