# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The work: folders that go, files that do not belong, folders to fetch. One that fails keeps no other from coming."""

from __future__ import annotations

import errno
import hashlib
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import content, folders, manifest, sources, text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import File, Manifest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.sources import Item

from model_fetch.client import Address
from model_fetch.download import Download, wrong_digest

if TYPE_CHECKING:
    from model_fetch.download import Client
    from model_fetch.progress import Progress

_CHUNK = 4 << 20


def run(work: dict[str, Any], models: Path, client: Client, progress: Progress, patience: float) -> list[str]:
    """Do the work and return a sentence for each folder that it could not be done for; `patience` is in seconds."""
    os.umask(0o022)
    tried = [_try(models, name, partial(folders.remove, models, name)) for name in work.get("remove", [])]
    aside = work.get("aside", {}).items()
    tried += [_try(models, name, partial(folders.set_aside, models, name, paths)) for name, paths in aside]
    orders = [Order(models, order, Download(client, progress, patience), progress) for order in work.get("fetch", [])]
    for step in (Order.count, Order.fill):
        for order in list(orders):
            progress.folder(order.folder)
            sentence = _try(models, order.folder, partial(step, order))
            if sentence:
                tried.append(sentence)
                orders.remove(order)
    return [sentence for sentence in tried if sentence]


def _try(models: Path, folder: str, deed: Callable[[], object]) -> str | None:
    """Do something with a folder, and return why it could not be done, or None."""
    try:
        deed()
    except ModelError as error:
        return str(error)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"The disk of {models} is full, and {folder} is not complete: make room; the next run goes on then."
        return f"{folder} could not be changed in {models}: {error}."
    return None


class Order:
    """A folder to fetch."""

    def __init__(self, models: Path, order: dict[str, Any], download: Download, progress: Progress) -> None:
        self.folder = str(order["folder"])
        self._models, self._order, self._download, self._progress = models, order, download, progress
        self._items = [Item(**file) for file in order["files"]]
        self._staging = folders.staging(models, self.folder, order["revision"] or "new")

    def count(self) -> None:
        """End what an earlier run has begun to put in place, and say how many bytes are missing."""
        folders.resume(self._models, self.folder)
        if not self._is_complete():
            self._progress.expect(sum(self._missing(item) for item in self._items))

    def fill(self) -> None:
        """Have the folder in place.

        :raises ModelError: it cannot be had as it should be; what is served stays as it is
        """
        if self._is_complete():
            return
        self._staging.mkdir(mode=0o755, parents=True, exist_ok=True)
        files = tuple(self._file(item) for item in self._items)
        self._drop_others({file.path for file in files})
        wrong = content.problems(self._staging, [file.path for file in files])
        if wrong:
            raise ModelError(f"{self.folder} is not a complete model and was not put in place: {' '.join(wrong)}")
        revision = self._order["revision"] or manifest.revision(files)
        made = Manifest(self.folder, self._order["source"], revision, files)
        prepared = folders.staging(self._models, self.folder, revision)
        if prepared != self._staging:
            folders.discard(prepared)
            self._staging.rename(prepared)
        folders.set_aside(self._models, self.folder, self._strangers(files))
        folders.publish(self._models, made)
        if not self._order.get("keep_previous"):
            folders.commit(self._models, self.folder)
        for other in folders.prepared(self._models, self.folder):
            folders.discard(other)

    def _is_complete(self) -> bool:
        """Tell whether the folder has what is ordered: this may be a start after a reboot."""
        found = manifest.read(self._models, self.folder)
        if found is None or found.source != self._order["source"]:
            return False
        if self._order["kind"] == "path":
            source = sources.PathSource(found.source["path"], tuple(found.source["files"]))
            current = source.is_of(found, manifest.path_of(self._models, self.folder))
        else:
            current = self._order["revision"] in (None, found.revision)
        wanted = {item.path: item.sha256 for item in self._items}
        has = {file.path: file.sha256 if wanted.get(file.path) else None for file in found.files}
        return current and has == wanted and not manifest.faults(self._models, found)

    def _missing(self, item: Item) -> int:
        if item.size is None or (self._staging / item.path).exists() or self._before(item):
            return 0
        partial = self._staging / f"{item.path}.partial"
        return max(item.size - (partial.stat().st_size if partial.exists() else 0), 0)

    def _file(self, item: Item) -> File:
        """Have one file in the folder that is being prepared: from before, or fetched."""
        target = self._staging / item.path
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if not target.exists():
            before = self._before(item)
            if before:
                folders.link(before, target)
            elif self._order["kind"] == "path":
                return self._copy(item, target)
            else:
                self._download.fetch(self._address(item), item, target)
        return File(item.path, target.stat().st_size, item.sha256 or manifest.digest(target))

    def _before(self, item: Item) -> Path | None:
        """Return the same file in the folder that is in place, by its manifest, or else by its content."""
        place = self._models / self.folder / item.path
        if (
            self._order["kind"] == "path"
            or place.is_symlink()
            or not place.is_file()
            or place.stat().st_size != item.size
        ):
            return None
        found = manifest.read(self._models, self.folder)
        known = {file.path: file.sha256 for file in found.files} if found else {}
        if item.sha256 and item.path in known:
            return place if known[item.path] == item.sha256 else None
        return place if (item.sha256 or item.git_sha1) and wrong_digest(place, item) is None else None

    def _strangers(self, files: tuple[File, ...]) -> list[str]:
        """Return the files in the folder before that nobody has put there for a model: they are not lost with it."""
        found = manifest.read(self._models, self.folder)
        if found:
            return manifest.extras(self._models, found)
        sizes = {file.path: file.size for file in files}
        place = self._models / self.folder
        return sorted(path for path in manifest.walk(place) if (place / path).lstat().st_size != sizes.get(path))

    def _copy(self, item: Item, target: Path) -> File:
        source = sources.PathSource(self._order["source"]["path"])
        path = Path(source.path) if Path(source.path).is_file() else Path(source.path, item.path)
        partial = target.with_name(f"{target.name}.partial")
        made = hashlib.sha256()
        try:
            with path.open("rb") as reader, partial.open("wb") as writer:
                for chunk in iter(lambda: reader.read(_CHUNK), b""):
                    made.update(chunk)
                    writer.write(chunk)
                    self._progress.took(len(chunk), network=False)
                writer.flush()
                os.fsync(writer.fileno())
        except PermissionError as error:
            if error.filename != str(path):
                raise
            raise ModelError(f"{path} may not be read by the user of the store: let everybody read it.") from None
        if partial.stat().st_size != item.size:
            raise ModelError(f"{path} changed while it was copied: repeat the run when it is complete.")
        partial.replace(target)
        return File(item.path, target.stat().st_size, made.hexdigest())

    def _address(self, item: Item) -> Address:
        source = self._order["source"]
        if self._order["kind"] == "url":
            return Address(url=source["url"])
        return Address(repository=source["repository"], revision=self._order["revision"], path=item.path)

    def _drop_others(self, wanted: set[str]) -> None:
        """Remove what an earlier attempt has left in the folder that is being prepared."""
        others = sorted(path for path in manifest.walk(self._staging) if path not in wanted)
        for path in others:
            (self._staging / path).unlink()
        if others:
            print(f"{self.folder}: removed {text.names(others)}, left by an earlier attempt", flush=True)
