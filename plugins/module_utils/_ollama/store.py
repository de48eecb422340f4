# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama's store of models: read, and brought to a plan. It belongs to root, so that nobody changes it over the API.

The files of models are hard links: one copy on the disk, which stays whole while Ollama reads it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama.plan import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._no_follow import Identity
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama.plan import Plan

BLOBS, MANIFESTS = "blobs", "manifests"
_PREFIX = "sha256-"


@dataclass(frozen=True)
class Found:
    """What the store holds."""

    manifests: dict[str, bytes]
    blobs: dict[str, Identity]


def read(store: str) -> Found:
    """Return the manifests by their place, and which file each blob is."""
    manifests = {path: _files.read(f"{store}/{MANIFESTS}/{path}") or b"" for path in _below(f"{store}/{MANIFESTS}")}
    blobs = {path: _identity(f"{store}/{BLOBS}/{path}") for path in _below(f"{store}/{BLOBS}")}
    return Found(manifests, blobs)


def differs(found: Found, plan: Plan) -> bool:
    """Tell whether anything has to be written or removed."""
    return found.manifests != plan.manifests or bool(_missing(found, plan)) or bool(_left(found, plan))


def replaced(found: Found, plan: Plan) -> list[str]:
    """Return the names whose model changes or goes; what is loaded under them is not the wanted one afterwards."""
    return sorted(_name(place) for place, text in found.manifests.items() if plan.manifests.get(place) != text)


def bring(store: str, found: Found, plan: Plan) -> None:
    """Write what is missing, then the manifests, then remove what nothing names any more."""
    for directory in _directories(store, plan):
        _files.make_directory(directory, 0o755, (0, 0))  # whatever the umask
    for digest in _missing(found, plan):
        path = _blob(store, digest)
        if digest in plan.blobs:
            _files.write(path, plan.blobs[digest])
        else:
            _link(path, plan.links[digest])
    for place, text in plan.manifests.items():
        if found.manifests.get(place) != text:
            _files.write(f"{store}/{MANIFESTS}/{place}", text)
    for place in found.manifests.keys() - plan.manifests.keys():
        _files.remove(f"{store}/{MANIFESTS}/{place}")
        for parent in list(Path(place).parents)[:-1]:
            _files.remove_if_empty(f"{store}/{MANIFESTS}/{parent}")
    for name in _left(found, plan):
        _files.remove(f"{store}/{BLOBS}/{name}")


def _directories(store: str, plan: Plan) -> list[str]:
    """Return every directory of the store, each after its parent."""
    places = {str(parent) for place in plan.manifests for parent in list(Path(place).parents)[:-1]}
    return [
        store,
        f"{store}/{BLOBS}",
        f"{store}/{MANIFESTS}",
        *(f"{store}/{MANIFESTS}/{one}" for one in sorted(places)),
    ]


def digests(texts: dict[str, bytes]) -> dict[str, str]:
    """Return what a difference shows of manifests: each by its name with the beginning of its digest."""
    return {_name(place): hashlib.sha256(text).hexdigest()[:12] for place, text in sorted(texts.items())}


def _name(place: str) -> str:
    """Return the name that a place stands for; of a stranger's the place itself."""
    return names.shown(place) if place.count("/") == 3 else place


def _missing(found: Found, plan: Plan) -> list[str]:
    """Return the digests that are not there, or whose file is another than the model's own now."""
    absent = [digest for digest in plan.blobs if _PREFIX + digest not in found.blobs]
    return absent + [
        digest for digest, path in plan.links.items() if found.blobs.get(_PREFIX + digest) != _identity(str(path))
    ]


def _left(found: Found, plan: Plan) -> list[str]:
    return sorted(found.blobs.keys() - {_PREFIX + digest for digest in plan.digests})


def _blob(store: str, digest: str) -> str:
    return f"{store}/{BLOBS}/{_PREFIX}{digest}"


def _link(path: str, source: Path) -> None:
    try:
        _files.hard_link(path, str(source))
    except OSError as error:
        raise StoreError(
            f"{source} cannot have a second name at {path} ({(error.strerror or str(error)).lower()}); put"
            " cluster_models_directory on a file system that has hard links, such as ext4, XFS or APFS."
        ) from error


def _identity(path: str) -> Identity:
    status = os.lstat(_files.real(path))
    return status.st_dev, status.st_ino


def _below(directory: str) -> Iterator[str]:
    top = _files.real(directory)
    for folder, _, files in os.walk(top):
        for name in files:
            yield Path(folder, name).relative_to(top).as_posix()
