# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the hub has: repositories of generated files at commits that follow from their contents."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.standins.model_hub import models

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = (".safetensors", ".gguf")
"""What Git LFS keeps, as everywhere on the hub."""
GRANTED = "hf_" + "grantedgrantedgrantedgrantedgranted"
STRANGER = "hf_" + "strangerstrangerstrangerstrangerst"
LONG_BYTES = 24 << 20


@dataclass(frozen=True)
class Entry:
    """One file of a commit."""

    path: str
    content: bytes = field(repr=False)

    @property
    def is_large(self) -> bool:
        """Whether Git LFS keeps it."""
        return self.path.endswith(LARGE) and not self.content.startswith(b"version https://git-lfs")

    @functools.cached_property
    def sha256(self) -> str:
        """The name that Git LFS has for it."""
        return hashlib.sha256(self.content).hexdigest()

    @functools.cached_property
    def oid(self) -> str:
        """The name that git has for it, or for its pointer."""
        data = pointer(self) if self.is_large else self.content
        return hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()

    @property
    def etag(self) -> str:
        """The name that the hub gives it."""
        return self.sha256 if self.is_large else self.oid


def pointer(entry: Entry) -> bytes:
    """Return what a clone without large files has in the place of a file."""
    size = len(entry.content)
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{entry.sha256}\nsize {size}\n".encode()


@dataclass(frozen=True)
class Repository:
    """A repository, its commits in their order, and who may read it."""

    name: str
    makers: tuple[Callable[[], dict[str, bytes]], ...]
    license: str | None = "apache-2.0"
    gated: bool = False

    @functools.cached_property
    def commits(self) -> dict[str, dict[str, Entry]]:
        """The files of each commit."""
        made = [{path: Entry(path, content) for path, content in sorted(maker().items())} for maker in self.makers]
        return {_commit(self.name, files): files for files in made}

    @property
    def head(self) -> str:
        """The newest commit, which is main."""
        return list(self.commits)[-1]

    def resolve(self, revision: str) -> str | None:
        """Return the commit of a revision."""
        return self.head if revision in ("main", "refs/heads/main") else revision if revision in self.commits else None


def _commit(name: str, files: dict[str, Entry]) -> str:
    listing = [name, *([entry.path, entry.oid] for entry in files.values())]
    return hashlib.sha1(json.dumps(listing).encode(), usedforsecurity=False).hexdigest()


def _readme(title: str) -> dict[str, bytes]:
    return {"README.md": f"---\nlicense: apache-2.0\n---\n# {title}\n\nGenerated; its answers are noise.\n".encode()}


def _llama(seed: int, **others: bytes) -> Callable[[], dict[str, bytes]]:
    return lambda: {**models.safetensors_files(seed), **_readme("A tiny Llama"), **others}


def _gguf(seed: int) -> Callable[[], dict[str, bytes]]:
    return lambda: {
        "tiny-llama-f32.gguf": models.gguf(seed),
        "tiny-other-f32.gguf": models.gguf(1),
        **_readme("A tiny Llama for llama.cpp"),
    }


def _long() -> dict[str, bytes]:
    """Return a model of one tensor that takes a while to send."""
    data = hashlib.shake_128(b"long").digest(LONG_BYTES)
    return {"config.json": b"{}\n", "model.safetensors": models.safetensors({"noise": ((LONG_BYTES // 4,), data)})}


def _cloned() -> dict[str, bytes]:
    files = models.safetensors_files(71)
    return {path: pointer(Entry(path, data)) if path.endswith(LARGE) else data for path, data in files.items()}


def _mixed() -> dict[str, bytes]:
    """Return a model that still has a file of the revision before."""
    return {
        **models.safetensors_files(71),
        "model.safetensors": models.safetensors_files(70, shards=1)["model.safetensors"],
    }


def _unfinished() -> dict[str, bytes]:
    files = models.safetensors_files(71)
    return {path: data for path, data in files.items() if path != "model-00002-of-00002.safetensors"}


def catalogue() -> dict[str, Repository]:
    """Return every repository by its name; those of `faults` go wrong in the way that they are named after."""
    found = [
        Repository("lab/tiny-llama", (_llama(70), _llama(71))),
        Repository("lab/tiny-llama-gguf", (_gguf(70), _gguf(71))),
        Repository("lab/long", (_long,)),
        Repository("lab/gated", (_llama(72),), license="llama3.2", gated=True),
        Repository("lab/licensed", (_llama(73),), license="gemma"),
        Repository("lab/unlicensed", (_llama(74),), license=None),
        Repository("faults/cloned", (_cloned,)),
        Repository("faults/mixed", (_mixed,)),
        Repository("faults/unfinished", (_unfinished,)),
        *(Repository(f"faults/{mode}", (_llama(71),)) for mode in ("wrong-hash", "half", "pointer", "busy", "limited")),
        *(Repository(f"faults/{mode}", (_long,)) for mode in ("cut", "slow", "elsewhere")),
    ]
    return {repository.name: repository for repository in found}
