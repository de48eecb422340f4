# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the packages of the driver bring to life: nvidia-smi, with the captures that it speaks, and libcuda.so.1."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lab.standins.nvidia.libcuda import build

if TYPE_CHECKING:
    from lab.disk import Disk

HERE = Path(__file__).parent
LIBRARY = "usr/local/lib/hybrid-lab-nvidia"


def texts() -> dict[str, Path]:
    """Return the files of nvidia-smi by their place on a host."""
    data = (*HERE.glob("smi/*.py"), *HERE.glob("captures/*.json"), *HERE.glob("captures/*.txt"))
    return {f"{LIBRARY}/{path.relative_to(HERE)}": path for path in (HERE / "smi/nvidia-smi", *sorted(data))}


def install(disk: Disk) -> None:
    """Write it to the disk of a host that is off."""
    for place, path in texts().items():
        disk.write(place, path.read_text(encoding="utf-8"), 0o755 if path.suffix == "" else 0o644)
    with tempfile.TemporaryDirectory() as directory:
        compiled = build.build(Path(directory))
        place = f"{LIBRARY}/{compiled.name}"
        disk.write(place, "", 0o755)
        shutil.copyfile(compiled, disk.upper / place)
