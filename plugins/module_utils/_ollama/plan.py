# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What Ollama's store has to hold for models that lie in our own folders.

Made for 0.34.4. Ollama finds a model by a manifest, a list of layers, and each layer by its sha256: the weights are the
GGUF file itself. The request /api/create is not used: it writes the weights anew beside the first copy.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import gguf
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.manifest import Manifest

_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_WEIGHTS, _PROJECTOR, _PARAMETERS = (
    f"application/vnd.ollama.image.{kind}" for kind in ("model", "projector", "params")
)


class StoreError(ClusterError):
    """A model cannot be given to Ollama as it is."""


@dataclass
class Plan:
    """What the store has to hold and nothing else; digests are 64 hexadecimal digits."""

    manifests: dict[str, bytes] = field(default_factory=dict)
    """By their place below manifests."""
    blobs: dict[str, bytes] = field(default_factory=dict)
    """Small files by their digest."""
    links: dict[str, Path] = field(default_factory=dict)
    """Files of models by their digest."""

    @property
    def digests(self) -> set[str]:
        """Every digest that is used."""
        return {*self.blobs, *self.links}


def add(plan: Plan, model: Mapping[str, Any], manifest: Manifest, directory: Path) -> None:
    """Add a model with all its names.

    :raises StoreError: Ollama cannot have it so
    """
    chosen = files.choose(str(directory), manifest)
    weights = Path(chosen.path)
    if gguf.parts(weights) > 1:
        raise StoreError(
            f"{manifest.folder} is in {gguf.parts(weights)} files, which Ollama would join to a second copy; name a"
            " file that is whole, or take the backend llama_cpp."
        )
    layers = [_file(plan, weights, manifest, directory, _WEIGHTS)]
    if chosen.projector:
        layers.append(_file(plan, Path(chosen.projector), manifest, directory, _PROJECTOR))
    if model.get("context"):
        layers.append(_small(plan, {"num_ctx": int(model["context"])}, _PARAMETERS))
    config = _small(plan, _configuration(weights), _CONFIG)
    text = _json({"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": layers})
    for name in model["names"]:
        place = names.place(name)
        if place is None:
            raise StoreError(f"Ollama takes no model with the name {name}; write one such as name:tag.")
        plan.manifests[place] = text


def _configuration(weights: Path) -> dict[str, Any]:
    """Return what Ollama wants to know of a model beside its files; it goes by the architecture in places."""
    header = gguf.values(weights)
    architecture = str(header.get("general.architecture") or "")
    return {
        "model_format": "gguf",
        "model_family": architecture,
        "model_families": [architecture] if architecture else [],
        "model_type": str(header.get("general.size_label") or ""),
        "file_type": "",
        # What every manifest of Ollama's says, whatever it runs on.
        "architecture": "amd64",
        "os": "linux",
    }


def _file(plan: Plan, path: Path, manifest: Manifest, directory: Path, kind: str) -> dict[str, Any]:
    inside = path.relative_to(directory / manifest.folder).as_posix()
    found = next(file for file in manifest.files if file.path == inside)
    plan.links[found.sha256] = path
    return _layer(kind, found.sha256, found.size)


def _small(plan: Plan, content: dict[str, Any], kind: str) -> dict[str, Any]:
    text = _json(content)
    digest = hashlib.sha256(text).hexdigest()
    plan.blobs[digest] = text
    return _layer(kind, digest, len(text))


def _layer(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": size}


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
