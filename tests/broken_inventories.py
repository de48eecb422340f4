# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The inventories with one mistake each, and the sentence that each is answered with."""

from __future__ import annotations

from pathlib import Path

from tests import yaml_files

INVENTORIES = Path(__file__).parent / "inventories"
BROKEN = yaml_files.load(INVENTORIES / "broken.yml")


def sources(name: str) -> list[str]:
    """Return the files of an inventory: most are a good one and a few lines over it."""
    base = BROKEN[name]["over"]
    return [*([str(INVENTORIES / "good" / f"{base}.yml")] if base else []), str(INVENTORIES / "broken" / f"{name}.yml")]
