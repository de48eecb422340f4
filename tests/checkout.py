# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A copy of this checkout, for tests that change one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.run import changes
from tests.run.stages import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def copy_to(target: Path) -> Path:
    """Copy every file that git knows or would add, links as links, and return the place."""
    for name in changes.git("ls-files", "--cached", "--others", "--exclude-standard") or []:
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    return target
