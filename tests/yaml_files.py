# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The YAML files of the repository, each read once in a process: many tests ask the same ones."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from pathlib import Path

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@cache
def load(path: Path) -> Any:
    """Return what a file holds. Everybody gets the same objects, so nobody changes them."""
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)


def dump(value: Any) -> str:
    """Return a value as YAML."""
    return str(yaml.dump(value, Dumper=_DUMPER))
