# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The folders that exo reads models from: one for each public name, with a link for each file of the model.

The files themselves lie once, in the folder that every backend reads. exo wants a folder of the name that it answers
to, and an index, which a model of one file does not have.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo import cards
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo.cards import ModelError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo.versions import Start

Content = dict[str, str]
"""A file by its name within a folder: where a link leads, with `->` before it, or a text."""
LINK = "->"


@dataclass(frozen=True)
class Prepared:
    """A model as exo gets it."""

    card: cards.Card
    revision: str
    content: Content

    def as_result(self) -> dict[str, Any]:
        """Return what a task returns."""
        return {**self.card.as_dict(), "revision": self.revision, "card": cards.file_name(self.card.model_id)}


def prepare(name: str, folder: str, models_directory: Path, start: Start) -> Prepared | None:
    """Return a model from its files; None where it is not there whole."""
    source = models_directory / folder
    manifest = manifests.read(models_directory, folder)
    if manifest is None or not source.is_dir():
        return None
    files = {file.path: file.size for file in manifest.files}
    weights = {path: source / path for path in files if path.endswith(cards.WEIGHTS_SUFFIX)}
    if not weights:
        raise ModelError(f"{source} has no {cards.WEIGHTS_SUFFIX} file, and exo reads no others.")
    if "config.json" not in files:
        raise ModelError(f"{source} has no config.json, so exo cannot know what the model {name} is.")
    try:
        config = json.loads((source / "config.json").read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("no mapping")
    except (OSError, ValueError) as error:
        raise ModelError(f"{source}/config.json cannot be read: {error}.") from error
    content = {path: f"{LINK}{source / path}" for path in files}
    if not any(path.endswith(cards.INDEX_SUFFIX) for path in files):
        content[cards.INDEX] = cards.make_index(weights)
    size = sum(files[path] for path in weights)
    return Prepared(cards.make_card(name, config, size, start), manifest.revision, content)


class Tree:
    """The directory of folders, which belongs to root."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Content]:
        """Return what is there, by folder."""
        if not self._path.is_dir():
            return {}
        return {folder.name: _read(folder) for folder in sorted(self._path.iterdir()) if folder.is_dir()}

    def write(self, wanted: Mapping[str, Content]) -> None:
        """Bring it to what is wanted; each folder appears whole."""
        self._path.mkdir(mode=0o755, parents=True, exist_ok=True)
        current = self.read()
        for name in changed(current, wanted):
            self._replace(name, wanted.get(name))

    def _replace(self, name: str, content: Content | None) -> None:
        fresh, old, target = self._path / f".{name}.new", self._path / f".{name}.old", self._path / name
        for path in (fresh, old):
            shutil.rmtree(path, ignore_errors=True)
        if content is not None:
            _write(fresh, content)
        if target.exists():
            target.rename(old)
        if content is not None:
            fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)

    def remove(self) -> None:
        """Remove all of it; what links lead to stays."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._path)


def changed(current: Mapping[str, Content], wanted: Mapping[str, Content]) -> list[str]:
    """Return the folders that differ, come or go."""
    return [name for name in sorted({*current, *wanted}) if current.get(name) != wanted.get(name)]


def _read(folder: Path) -> Content:
    found = {}
    for path in _files(folder):
        name = str(path.relative_to(folder))
        found[name] = f"{LINK}{path.readlink()}" if path.is_symlink() else path.read_text("utf-8", errors="replace")
    return found


def _files(folder: Path) -> Iterable[Path]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            yield from _files(path)
        else:
            yield path


def _write(folder: Path, content: Content) -> None:
    folder.mkdir(mode=0o755)
    for name, text in content.items():
        path = folder / name
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        if text.startswith(LINK):
            path.symlink_to(text[len(LINK) :])
        else:
            path.write_text(text, encoding="utf-8")
            path.chmod(0o644)
