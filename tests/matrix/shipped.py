# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The files of the collection that hosts run, laid out as Ansible's payload has them."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from tests import collection

PLUGINS = ("plugins/modules/", "plugins/module_utils/")
# What roles put into programs of several files from elsewhere.
ADDED = {
    "roles/cluster_exporter/files/cluster_exporter": ("roles/program/files/exposition.py",),
    "roles/node_exporter/files/measurements": (
        "roles/program/files/exposition.py",
        "plugins/module_utils/_macos/*_text.py",
    ),
}


def runs_on_hosts(name: str) -> bool:
    """Tell whether hosts run a file of the collection."""
    return name.endswith(".py") and (name.startswith(PLUGINS) or (name.startswith("roles/") and "/files/" in name))


def copy(target: Path) -> None:
    """Copy them to a directory, and what of Ansible is on a host beside them."""
    target.mkdir(parents=True, exist_ok=True)
    tarball = collection.build(target)
    place = collection.unpack(tarball, target, runs_on_hosts)
    tarball.unlink()
    for program, patterns in ADDED.items():
        for pattern in patterns:
            for path in place.glob(pattern):
                shutil.copy2(path, place / program)
    ansible = Path(str(importlib.util.find_spec("ansible").origin)).parent
    shutil.copytree(ansible / "module_utils", target / "ansible/module_utils")
    shutil.copy2(ansible / "release.py", target / "ansible")
    # A payload has an empty one; the controller's asks for a newer Python.
    (target / "ansible/__init__.py").touch()
