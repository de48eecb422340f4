# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What folders of models a host has, and which of them are not as the table of models wants them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import folders, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest

OLDEST_MACOS = 14
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
MACHINES = {"Darwin": ("arm64",), "Linux": ("x86_64", "aarch64")}
"""What libtorrent 2.1.1 has wheels for."""


@dataclass
class Found:
    """What one directory of models holds."""

    complete: dict[str, Manifest] = field(default_factory=dict)
    """The folders that are wanted and whole."""
    faults: dict[str, list[str]] = field(default_factory=dict)
    """Why the others that have a manifest are not."""
    extras: dict[str, list[str]] = field(default_factory=dict)
    """Files in folders that belong to no model."""
    left: list[str] = field(default_factory=list)
    """Folders that are to be removed."""
    kept: list[Manifest] = field(default_factory=list)
    """Folders of models that the table does not name."""


def look(directory: Path, wanted: Iterable[str], absent: Iterable[str], *, compare: bool = False) -> Found:
    """Read the folders; with `compare` every byte of them."""
    found = Found()
    wanted, absent = list(wanted), list(absent)
    for folder in wanted:
        manifest = manifests.read(directory, folder)
        if manifest is None:
            continue
        wrong = manifests.faults(directory, manifest, hash=compare)
        if wrong:
            found.faults[folder] = wrong
        else:
            found.complete[folder] = manifest
        extras = manifests.extras(directory, manifest)
        if extras:
            found.extras[folder] = extras
    found.left = [folder for folder in absent if folder not in wanted and folders.traces(directory, folder)]
    found.kept = [manifest for manifest in _all(directory) if manifest.folder not in {*wanted, *absent}]
    return found


def _all(directory: Path) -> Iterator[Manifest]:
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for path in sorted((directory / manifests.DIRECTORY).glob("*.json")):
            manifest = manifests.read(directory, path.stem) if not path.name.startswith(".") else None
            if manifest is not None:
                yield manifest


def tidy(directory: Path, found: Found) -> None:
    """Put files that belong to no model aside, and remove the folders that are to be removed."""
    for folder, paths in found.extras.items():
        folders.set_aside(directory, folder, paths)
    for folder in found.left:
        folders.remove(directory, folder)


def lines(found: Found) -> list[str]:
    """Return what `tidy` does, a line for each folder."""
    moved = [f"move {text.names(paths)} out of {folder}" for folder, paths in found.extras.items()]
    return [*moved, *(f"remove {folder}" for folder in found.left)]


def digest(manifest: Manifest) -> str:
    """Return what is another one whenever a folder is to hold anything else."""
    files = [[file.path, file.size, file.sha256] for file in manifest.files]
    content = json.dumps([manifest.revision, sorted(files)])
    return hashlib.sha256(content.encode()).hexdigest()


def why_plain() -> str:
    """Say why libtorrent does not run on this host; nothing where it does. It runs in the Python that this runs in."""
    system, machine, python = platform.system(), platform.machine(), sys.version_info[:2]
    if machine not in MACHINES.get(system, ()):
        return f"there is no libtorrent for {machine}"
    if system == "Darwin":
        version = platform.mac_ver()[0]
        if version and int(version.partition(".")[0]) < OLDEST_MACOS:
            return f"there is no libtorrent for macOS {version}, only for {OLDEST_MACOS} and later"
    if not OLDEST_PYTHON <= python <= NEWEST_PYTHON:
        here, oldest, newest = (".".join(map(str, one)) for one in (python, OLDEST_PYTHON, NEWEST_PYTHON))
        return f"there is no libtorrent for Python {here}, only for {oldest} to {newest}"
    return ""


@contextlib.contextmanager
def acting_as(user: int, group: int) -> Iterator[None]:
    """Be the owner of the folders for a while: root follows no link that the owner has put there."""
    if os.geteuid() != 0 or user == 0:
        yield
        return
    before = os.getgroups()
    os.setgroups([group])
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)


def describe(found: Found) -> dict[str, Any]:
    """Return it for plans."""
    return {
        "found": {
            folder: {"revision": manifest.revision, "digest": digest(manifest)}
            for folder, manifest in found.complete.items()
        },
        "faults": found.faults,
        "kept": [{"folder": manifest.folder, "bytes": manifest.bytes} for manifest in found.kept],
    }
