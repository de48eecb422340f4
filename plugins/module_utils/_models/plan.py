# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What has to be done so that a directory holds the models of a table: read what is there, and say the rest as work.

Nothing is asked of a hub for a folder that is complete; what is asked is asked before the first byte is fetched.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import folders, manifest, sources, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.hub import Hub
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.sources import Item

Source = Union[sources.HubSource, sources.UrlSource, sources.PathSource]


@dataclass(frozen=True)
class Wanted:
    """A folder that the table wants, for one model or several."""

    folder: str
    names: tuple[str, ...]
    """The models that are served from it."""
    source: Source
    licenses: tuple[str, ...] = ()
    """What the table says is accepted for them."""
    is_served_here: bool = False
    """Whether this host serves one of them, and so needs the folder before until the new one has answered."""


@dataclass(frozen=True)
class Folder:
    """What is there of a folder."""

    wanted: Wanted
    manifest: Manifest | None
    is_complete: bool
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fetch:
    """A folder to fetch."""

    wanted: Wanted
    items: tuple[Item, ...]
    missing: int
    """Bytes that are not there yet, of those whose sizes are known."""

    @property
    def bytes(self) -> int:
        """The size of all files, as far as the source says it."""
        return sum(item.size or 0 for item in self.items)

    def as_dict(self) -> dict[str, Any]:
        """Return it as it is ordered: nothing that changes while it is done."""
        source = self.wanted.source
        kind = {sources.HubSource: "hub", sources.UrlSource: "url", sources.PathSource: "path"}[type(source)]
        return {
            "folder": self.wanted.folder,
            "kind": kind,
            "source": source.as_dict(),
            "revision": source.revision if isinstance(source, sources.HubSource) else None,
            "keep_previous": self.wanted.is_served_here,
            "files": [item.as_dict() for item in self.items],
        }


@dataclass
class Plan:
    """All that is to be done."""

    fetch: list[Fetch] = field(default_factory=list)
    aside: dict[str, list[str]] = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)

    def work(self) -> dict[str, Any]:
        """Return it as the program takes it; empty where nothing is to be done."""
        if not (self.fetch or self.aside or self.remove):
            return {}
        return {"fetch": [one.as_dict() for one in self.fetch], "aside": self.aside, "remove": self.remove}

    @property
    def missing(self) -> int:
        """How many bytes the disk has to take."""
        return sum(one.missing for one in self.fetch)


def merge(models: Iterable[Mapping[str, Any]], host: str = "") -> tuple[list[Wanted], list[str]]:
    """Return the folders that a table wants, and those that it wants gone; a folder may serve several models.

    `host` is the name that the table has for this host.

    :raises ModelError: models of one folder contradict each other
    """
    present: dict[str, list[Mapping[str, Any]]] = {}
    absent: list[str] = []
    for model in models:
        manifest.check_folder(str(model["folder"]))
        if model.get("state", "present") == "present":
            present.setdefault(str(model["folder"]), []).append(model)
        else:
            absent.append(str(model["folder"]))
    wanted = [_merged(folder, members, host) for folder, members in present.items()]
    return wanted, sorted({folder for folder in absent if folder not in present})


def _merged(folder: str, members: Sequence[Mapping[str, Any]], host: str) -> Wanted:
    names = tuple(str(model["name"]) for model in members)
    described = {tuple(sorted((key, str(value)) for key, value in _without_files(model).items())) for model in members}
    patterns = [list(model["source"].get("files") or []) for model in members]
    if len(described) > 1:
        raise ModelError(
            f"{' and '.join(names)} share the folder {folder} and come from different sources or revisions: give them"
            " the same."
        )
    if any(patterns) and not all(patterns):
        raise ModelError(f"{' and '.join(names)} share the folder {folder}: write files for each of them, or for none.")
    for model, files in zip(members, patterns):
        if model.get("format") == "gguf" and model["source"].get("repository") and not files:
            raise ModelError(
                f"{model['name']} has the format gguf and no files: write which file of its repository is meant."
            )
    merged = sorted({pattern for files in patterns for pattern in files})
    licenses = tuple(str(model["license"]) for model in members if model.get("license"))
    served = any(host in (model.get("hosts") or ()) for model in members)
    return Wanted(folder, names, sources.make(dict(members[0]["source"]), merged), licenses, served)


def _without_files(model: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in model["source"].items() if key != "files" and value is not None}


def look(models: Path, wanted: Wanted) -> Folder:
    """Read what is there of a folder, names and sizes; contents were verified when they were written."""
    found = manifest.read(models, wanted.folder)
    if found is None:
        return Folder(wanted, None, False)
    is_complete = wanted.source.is_of(found, manifest.path_of(models, wanted.folder)) and not manifest.faults(
        models, found
    )
    return Folder(wanted, found, is_complete, tuple(manifest.extras(models, found)))


def make(models: Path, found: Sequence[Folder], absent: Iterable[str], hub: Hub, accepted: Collection[str]) -> Plan:
    """Return what has to be done, having asked the sources of what is missing.

    :raises ModelError: something keeps models from being fetched; a sentence for each
    """
    plan = Plan(remove=[folder for folder in absent if folders.traces(models, folder)])
    problems = []
    for folder in found:
        if folder.is_complete:
            if folder.extras:
                plan.aside[folder.wanted.folder] = list(folder.extras)
            continue
        try:
            items = folder.wanted.source.survey(hub, sources.Licenses(accepted, folder.wanted.licenses))
        except ModelError as error:
            problems.append(f"{' and '.join(folder.wanted.names)}: {error}")
            continue
        plan.fetch.append(Fetch(folder.wanted, tuple(items), _missing(models, folder, items)))
    if problems:
        raise ModelError(" ".join(problems))
    return plan


def _missing(models: Path, folder: Folder, items: Iterable[Item]) -> int:
    """Return how many bytes a folder still needs: what it holds already, or was begun, costs nothing."""
    source = folder.wanted.source
    revision = source.revision if isinstance(source, sources.HubSource) else "new"
    prepared = folders.staging(models, folder.wanted.folder, revision)
    place = models / folder.wanted.folder
    known = folder.manifest.files if folder.manifest else ()
    before = {(file.path, file.sha256) for file in known if _size(place / file.path) == file.size}
    total = 0
    for item in items:
        if item.size and (item.path, item.sha256) not in before:
            total += max(item.size - max(_size(prepared / item.path), _size(prepared / f"{item.path}.partial")), 0)
    return total


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


def check_disk(models: Path, missing: int, reserve: int) -> None:
    """Refuse what the disk has no room for; all in bytes.

    :raises ModelError: it has not
    """
    path = models
    while not path.exists():
        path = path.parent
    status = os.statvfs(path)
    free = status.f_bavail * status.f_frsize
    if missing and missing + reserve > free:
        raise ModelError(
            f"The disk of {models} has {text.size(free)} free and needs {text.size(missing + reserve)}:"
            f" {text.size(missing)} for models and {text.size(reserve)} that model_store_reserve_gigabytes keeps free."
            " Make room on it, remove a model with state: absent, or choose another disk in cluster_models_directory."
        )


def covers(work: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether one piece of work does all of another."""
    return (
        all(one in work.get("fetch", []) for one in other.get("fetch", []))
        and all(folder in work.get("remove", []) for folder in other.get("remove", []))
        and all(work.get("aside", {}).get(folder) == paths for folder, paths in other.get("aside", {}).items())
    )
