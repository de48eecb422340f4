# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Environments side by side, one of them switched to by a link named `current`, like releases."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from importlib import metadata
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._python_environment.lock import (
    PythonEnvironmentError,
    normalized,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._release_tree import ReleaseTree

if TYPE_CHECKING:
    from pathlib import Path

_MARK = ".complete"


class EnvironmentTree(ReleaseTree):
    """The directory that holds the environments of one program; their names are digests of what they are made of."""

    def has(self, version: str) -> bool:
        """Tell whether an environment is there whole: its Python, and the packages that it was made with."""
        recorded = self.recorded(version)
        if recorded is None or not (self.path / version / "bin/python").exists():
            return False
        return recorded["packages"] == self.packages(version)

    def recorded(self, version: str) -> dict[str, dict[str, str]] | None:
        """Return what was noted when the environment was made."""
        try:
            noted: dict[str, dict[str, str]] = json.loads((self.path / version / _MARK).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return noted if isinstance(noted, dict) and isinstance(noted.get("packages"), dict) else None

    def packages(self, version: str) -> dict[str, str]:
        """Return the version of each installed package."""
        places = sorted((self.path / version).glob("lib/python3*/site-packages"))
        found = metadata.distributions(path=[str(place) for place in places])
        return {normalized(one.metadata["Name"]): one.version for one in found}

    def lock_of(self, version: str | None) -> str:
        """Return what is pinned in an environment, for a difference."""
        recorded = self.recorded(version) if version else None
        return str(recorded.get("lock", "")) if recorded else ""

    def prepare(self, version: str) -> Path:
        """Make room for an environment; what was left of it, or of a run that was cut off, goes."""
        self.path.mkdir(mode=0o755, parents=True, exist_ok=True)
        for left in self.path.glob(".making-*"):
            shutil.rmtree(left)
        target = self.path / version
        if target.exists():
            shutil.rmtree(target)
        return target

    def complete(self, version: str, lock: str, program: str | None) -> None:
        """Declare an environment whole, once everything of it is on the disk."""
        if program is not None and not os.access(self.path / version / program, os.X_OK):
            raise PythonEnvironmentError(
                f"{self.path / version} has no program {program} with these requirements; correct its name or the"
                " requirements."
            )
        noted = {"packages": self.packages(version), "lock": lock}
        os.sync()
        temporary = self.path / version / f"{_MARK}.new"
        temporary.write_text(json.dumps(noted, indent=1, sort_keys=True), encoding="utf-8")
        temporary.replace(self.path / version / _MARK)

    def discard(self, version: str) -> None:
        """Remove an environment that could not be made whole, and the directory where nothing is left."""
        shutil.rmtree(self.path / version, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()
