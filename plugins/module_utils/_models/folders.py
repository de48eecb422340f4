# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Folders of models: prepared out of sight, put in place in one step, and taken back.

They belong to one user, and only programs of that user call this. Every step can be cut off: `resume` ends what was
begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest

INCOMING, PREVIOUS, ASIDE = ".incoming", ".previous", ".aside"


def staging(models: Path, folder: str, revision: str) -> Path:
    """Return where a folder is prepared."""
    manifests.check_folder(folder)
    return models / INCOMING / f"{folder}@{revision}"


def _promise(models: Path, folder: str) -> Path:
    """Return where the manifest of a folder waits that is being put in place."""
    return models / INCOMING / f"{folder}.json"


def publish(models: Path, manifest: Manifest) -> None:
    """Put a prepared folder in place of the one before, which stays as `.previous/<folder>` until `commit`."""
    manifests.write_json(_promise(models, manifest.folder), manifest.as_dict())
    resume(models, manifest.folder)


def resume(models: Path, folder: str) -> bool:
    """End what a publication has begun; tell whether there was one."""
    promise = _promise(models, folder)
    try:
        manifest = manifests.parse(json.loads(promise.read_bytes()))
    except (FileNotFoundError, ModelError, ValueError):
        promise.unlink(missing_ok=True)
        return False
    prepared, place = staging(models, folder, manifest.revision), models / folder
    if prepared.is_dir():
        if place.exists():
            previous = models / PREVIOUS
            previous.mkdir(mode=0o755, exist_ok=True)
            discard(previous / folder)
            (previous / f"{folder}.json").unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                manifests.path_of(models, folder).replace(previous / f"{folder}.json")
            place.rename(previous / folder)
        prepared.rename(place)
    wrong = manifests.faults(models, manifest)
    if not wrong:
        manifests.write(models, manifest)
    promise.unlink(missing_ok=True)
    _sync(models)
    if wrong:
        raise ModelError(" ".join(wrong))
    return True


def commit(models: Path, folder: str) -> bool:
    """Forget the folder before; tell whether there was one."""
    previous = models / PREVIOUS / folder
    there = previous.exists()
    discard(previous)
    previous.with_name(f"{folder}.json").unlink(missing_ok=True)
    return there


def rollback(models: Path, folder: str) -> bool:
    """Put the folder before back, and keep the one that was to replace it as prepared; tell whether there was one."""
    previous, place = models / PREVIOUS / folder, models / folder
    if not previous.exists():
        return False
    refused = manifests.read(models, folder)
    manifests.path_of(models, folder).unlink(missing_ok=True)
    if place.exists():
        kept = staging(models, folder, refused.revision if refused else "unknown")
        kept.parent.mkdir(mode=0o755, exist_ok=True)
        discard(kept)
        place.rename(kept)
    previous.rename(place)
    with contextlib.suppress(FileNotFoundError):
        previous.with_name(f"{folder}.json").replace(manifests.path_of(models, folder))
    _sync(models)
    return True


def set_aside(models: Path, folder: str, paths: list[str]) -> None:
    """Move files out of a folder to `.aside/<folder>`, in place of what was moved there earlier under the same name."""
    for path in paths:
        manifests.check_path(path)
        source, target = models / folder / path, models / ASIDE / folder / path
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        # Moving a file to exFAT and back takes its side file along: it may be gone.
        with contextlib.suppress(FileNotFoundError):
            source.replace(target)


def traces(models: Path, folder: str) -> list[Path]:
    """Return everything there is of a folder."""
    manifests.check_folder(folder)
    candidates = [
        models / folder,
        manifests.path_of(models, folder),
        _promise(models, folder),
        models / PREVIOUS / folder,
        models / PREVIOUS / f"{folder}.json",
        models / ASIDE / folder,
    ]
    return [path for path in [*candidates, *prepared(models, folder)] if os.path.lexists(path)]


def of_others(models: Path, folder: str, uid: int) -> list[Path]:
    """Return the directories of a folder that do not belong to a user, so that it cannot move or remove them."""
    found = []
    for top in traces(models, folder):
        for directory, _, _ in os.walk(top):
            if os.lstat(directory).st_uid != uid:
                found.append(Path(directory))
    return found


def prepared(models: Path, folder: str) -> list[Path]:
    """Return what was prepared of a folder, of whichever revision."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return [path for path in sorted((models / INCOMING).iterdir()) if path.name.startswith(f"{folder}@")]
    return []


def remove(models: Path, folder: str) -> None:
    """Leave nothing of a folder; its manifest goes first, so that nobody takes half of it for the whole."""
    for path in sorted(traces(models, folder), key=lambda path: path.suffix != ".json"):
        discard(path)


def discard(path: Path) -> None:
    """Remove a file, a link or a directory, if there is one."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the disk has no second names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o644)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # not every file system can
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
