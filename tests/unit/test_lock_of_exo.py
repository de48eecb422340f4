# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lock of exo's packages is that of exo's own lock file, as `make lock` would resolve it again."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ROOT / "requirements/hosts"
LOCK = ROOT / "roles/exo/files/requirements-linux-x86_64.txt"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;]+)", re.MULTILINE)


def pins(path: Path) -> dict[str, str]:
    """Return the pinned versions of a file by the names of packages."""
    found = _PIN.findall(path.read_text(encoding="utf-8"))
    return {name.lower().replace("_", "-"): version for name, version in found}


def test_the_lock_of_exo_keeps_to_the_versions_of_exos_own() -> None:
    constraints, locked = pins(HOSTS / "exo-constraints.txt"), pins(LOCK)
    kept = {name: version for name, version in constraints.items() if name in locked}
    assert kept
    assert {name: locked[name] for name in kept} == kept


def test_it_is_resolved_with_them_for_the_python_that_exo_runs_with() -> None:
    lines = (HOSTS / "exo.in").read_text(encoding="utf-8").splitlines()
    assert "-c exo-constraints.txt" in lines
    (options,) = (line for line in lines if line.startswith("# options: "))
    assert "--python-version 3.13" in options
