# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Programs that no registry carries, or not for a Mac: each folder stands for one, or brings Debian's in its place.

A folder that makes files for the lab's artifact server has ``build(programs, destination)``: it writes them below the
server's directory, from a root file system that holds the Debian packages it names in ``PACKAGES``.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class StandIn(Protocol):
    """What a folder has that makes files for the artifact server."""

    PACKAGES: Sequence[str]

    def build(self, programs: Path, destination: Path) -> None:
        """Write its files."""


def found() -> list[StandIn]:
    """Return every stand-in that makes files for the artifact server."""
    modules = [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
    return [cast("StandIn", module) for module in modules if hasattr(module, "build")]
