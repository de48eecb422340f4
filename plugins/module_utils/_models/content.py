# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether the files of a model are what their names say, before anything of it is served or spread."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import gguf, index, lfs, safetensors, text

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPLIT = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf")
_FORMATS = {".safetensors": safetensors.fault, ".gguf": gguf.fault}


def problems(top: Path, paths: Iterable[str]) -> list[str]:
    """Read the headers of files below a directory and compare the files with each other; return sentences."""
    listed = sorted(paths)
    found = [f"{text.name(path)} {wrong}." for path in listed for wrong in [fault(top / path)] if wrong]
    return [*found, *_indexes(top, listed), *_splits(top, listed, bool(found))]


def fault(path: Path) -> str | None:
    """Return what is wrong with one file, to follow its name, or None; a name says which format it has."""
    size = path.stat().st_size
    pointer = lfs.read(path, size)
    if pointer:
        return lfs.fault(pointer, size)
    check = _FORMATS.get(path.suffix)
    return check(path, size) if check else None


def _indexes(top: Path, listed: list[str]) -> list[str]:
    found = []
    for folder in sorted({str(PurePosixPath(path).parent) for path in listed if path.endswith(".safetensors")}):
        inside = [path for path in listed if str(PurePosixPath(path).parent) == folder]
        weights = [PurePosixPath(path).name for path in inside if path.endswith(".safetensors")]
        indexes = [path for path in inside if path.endswith(index.SUFFIX)]
        if not indexes:
            found += index.problems(None, weights)
        for path in indexes:
            found += index.problems((top / path).read_bytes(), weights, PurePosixPath(path).name)
    return found


def _splits(top: Path, listed: list[str], damaged: bool) -> list[str]:
    """Return the parts of GGUF models that are missing, by their names and by their headers."""
    found = []
    for path in listed:
        named = _SPLIT.fullmatch(path)
        if path.endswith(".gguf") and not named and not damaged and gguf.parts(top / path) > 1:
            found.append(f"{text.name(path)} is one of {gguf.parts(top / path)} parts and has not the name of one.")
        if named and named.group(2) == min(other.group(2) for other in _siblings(named, listed)):
            parts = {
                f"{named.group(1)}-{number + 1:05}-of-{named.group(3)}.gguf" for number in range(int(named.group(3)))
            }
            missing = parts - set(listed)
            if missing:
                found.append(f"{text.name(path)} needs {text.names(missing)}, which is not there.")
    return found


def _siblings(named: re.Match[str], listed: list[str]) -> list[re.Match[str]]:
    found = [_SPLIT.fullmatch(path) for path in listed]
    return [one for one in found if one and (one.group(1), one.group(3)) == (named.group(1), named.group(3))]
