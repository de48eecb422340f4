# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Preference files that tools change without going through ``defaults``."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read(path: str) -> dict[str, Any]:
    """Return the keys of a preference file; a missing file has none."""
    import plistlib

    try:
        with open(path, "rb") as file:
            found: dict[str, Any] = plistlib.load(file)
    except FileNotFoundError:
        return {}
    return found


def write(path: str, changes: dict[str, Any]) -> None:
    """Set some keys; a key whose new value is None is deleted."""
    import plistlib

    merged = {key: value for key, value in {**read(path), **changes}.items() if value is not None}
    os.makedirs(os.path.dirname(path), exist_ok=True)
    scratch = f"{path}.{os.getpid()}"
    with open(scratch, "wb") as file:
        plistlib.dump(merged, file, fmt=plistlib.FMT_BINARY)
    os.chmod(scratch, 0o644)
    os.replace(scratch, path)
