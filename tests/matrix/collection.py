# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The collection as others get it: a copy without what is no part of it, where Ansible looks for one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
INSIDE = "ansible_collections/hybrid_ai/cluster"


def files() -> list[str]:
    """Return the files of the checkout, also uncommitted ones, that `ansible-galaxy collection build` would pack."""
    argv = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    ignored = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["build_ignore"]
    return [name for name in listed if (ROOT / name).is_file() and not any(_below(name, place) for place in ignored)]


def _below(name: str, place: str) -> bool:
    return name == place or name.startswith(f"{place}/")


def copy(target: Path, names: list[str]) -> Path:
    """Copy files of the checkout to where a collection has them below a directory, and return that place."""
    place = target / INSIDE
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / name)
    return place
