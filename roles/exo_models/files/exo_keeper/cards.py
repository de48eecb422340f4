# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Cards of models: root writes them to a place of its own, and the keeper, who is exo's user, puts them where it looks.

They lie in a folder of theirs there, so that exo's own requests neither change nor remove them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


INDEX = "*.safetensors.index.json"


def is_whole(folder: Path) -> bool:
    """Tell whether a folder has an index and every link in it leads to a file, so that exo would find it complete."""
    files = list(folder.rglob("*")) if folder.is_dir() else []
    return any(folder.glob(INDEX)) and all(path.exists() for path in files)


def install(source: Path, target: Path) -> bool:
    """Have the same cards in both places; tell whether anything changed. A link in the target is replaced."""
    wanted = {path.name: path.read_bytes() for path in source.glob("*.toml")}
    found = {path.name: b"" if path.is_symlink() else path.read_bytes() for path in target.glob("*.toml")}
    if wanted == found:
        return False
    target.mkdir(parents=True, exist_ok=True)
    for name in set(found) - set(wanted):
        (target / name).unlink()
    for name, content in wanted.items():
        if found.get(name) != content:
            partial = target / f".{name}.part"
            partial.unlink(missing_ok=True)
            partial.write_bytes(content)
            partial.replace(target / name)
    return True
