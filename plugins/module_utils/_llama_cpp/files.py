# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which files of a model llama.cpp loads: those of its manifest, never what else lies in its folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest

_PART = re.compile(r"-([0-9]{5})-of-[0-9]{5}\.gguf$", re.IGNORECASE)
# What ends a value in the file that the router reads.
_UNREADABLE = re.compile(r"[;#\r\n]")


class FilesError(ClusterError):
    """The files of a model are not what llama.cpp can load."""


@dataclass(frozen=True)
class ModelFiles:
    """What is loaded of a model."""

    path: str
    """The file, or the first of its parts."""
    revision: str
    bytes: int
    projector: str | None = None
    """What turns pictures and sound into what the model reads, where there is such a file."""


def choose(models_directory: str, manifest: Manifest) -> ModelFiles:
    """Return the files to load: one model and, where there is one, its projector."""
    folder = manifest.folder
    names = sorted(file.path for file in manifest.files if file.path.lower().endswith(".gguf"))
    projectors = [name for name in names if "mmproj" in Path(name).name.lower()]
    models = [name for name in names if name not in projectors and _is_first(name)]
    if not models:
        raise FilesError(f"{folder} has no GGUF file with a model in it; name one in files.")
    if len(models) > 1:
        raise FilesError(f"{folder} has {len(models)} models, {' and '.join(models)}; name one of them in files.")
    whole = str(Path(models_directory, folder, models[0]))
    if _UNREADABLE.search(whole):
        raise FilesError(
            f"The path {whole} has a ; or # in it, which llama.cpp cannot read; give the files another place."
        )
    return ModelFiles(
        whole,
        manifest.revision,
        manifest.bytes,
        str(Path(models_directory, folder, projectors[0])) if len(projectors) == 1 else None,
    )


def _is_first(name: str) -> bool:
    """Tell whether a file is a whole model or the first of its parts; it names the others."""
    part = _PART.search(name)
    return part is None or int(part[1]) == 1
