# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The collection as others get it: the tarball that `ansible-galaxy collection build` makes of a checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
GALAXY = Path(sys.executable).with_name("ansible-galaxy")
INSIDE = "ansible_collections/hybrid_ai/cluster"


def in_the_checkout() -> list[str]:
    """Return the files that belong to the project, new ones included."""
    argv = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (ROOT / name).is_file()]


def build(target: Path, checkout: Path = ROOT) -> Path:
    """Build the tarball of a checkout in a directory, and return it."""
    argv = [str(GALAXY), "collection", "build", "--output-path", str(target)]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ANSIBLE_HOME": home, "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(argv, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tarball,) = target.glob("*.tar.gz")
    return tarball


def files(tarball: Path) -> set[str]:
    """Return the names of the files in a tarball."""
    with tarfile.open(tarball) as archive:
        return {member.name for member in archive.getmembers() if member.isfile()}


def unpack(tarball: Path, target: Path, wanted: Callable[[str], bool] = bool) -> Path:
    """Unpack the wanted files of a tarball to where Ansible looks for a collection, and return that place."""
    place = target / INSIDE
    with tarfile.open(tarball) as archive:
        members = [member for member in archive.getmembers() if member.isfile() and wanted(member.name)]
        archive.extractall(place, members=members, filter="data")
    return place
