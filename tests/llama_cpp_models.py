# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`python -m tests.llama_cpp_models DIRECTORY`: two generated models, as they lie on a host."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "collections"))

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest as manifests  # noqa: E402 - after where it is

from lab.standins.model_hub import models  # noqa: E402 - as above

SEEDS = {"tiny--a": 1, "tiny-b": 2}


def write(directory: Path, folder: str, seed: int) -> None:
    """Write a model and its manifest."""
    path = directory / folder / f"{folder}-F32.gguf"
    path.parent.mkdir(parents=True, exist_ok=True)
    models.write_gguf(path, seed)
    digest = manifests.digest(path)
    files = (manifests.File(path.name, path.stat().st_size, digest),)
    manifests.write(directory, manifests.Manifest(folder, {"path": str(path)}, digest, files))


def main() -> None:
    """Write all of them."""
    for folder, seed in SEEDS.items():
        write(Path(sys.argv[1]), folder, seed)


if __name__ == "__main__":
    main()
