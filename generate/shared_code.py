# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Modules of the collection as the gateway and its program on the hosts have them: no collection is installed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = "plugins/module_utils"
TARGET = "src/hybrid_cluster/shared"
MODULES = (
    "_command",
    "_files",
    "_names",
    "_no_follow",
    "_nvidia/__init__",
    "_nvidia/busy",
    "_nvidia/resume",
    "_problem",
    "_wait",
    "_wake/__init__",
    "_wake/packet",
    "_wake/proof",
    "_wake/sender",
    "_wake/ways",
)
_HEADER = """# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""
_COLLECTION = "ansible_collections.hybrid_ai.cluster.plugins.module_utils"


def files(root: Path) -> dict[str, str]:
    """Return each of them by its path, as it is imported there."""
    found = {f"{TARGET}/__init__.py": f'{_HEADER}"""Copies of modules of the collection: `make generate`."""\n'}
    for name in MODULES:
        text = (root / SOURCE / f"{name}.py").read_text(encoding="utf-8")
        mark = f"# Generated from {SOURCE}/{name}.py by `make generate`; change it there.\n"
        text = text.removeprefix(_HEADER).replace(_COLLECTION, TARGET.removeprefix("src/").replace("/", "."))
        found[f"{TARGET}/{name}.py"] = f"{_HEADER}{mark}{text}"
    return found
