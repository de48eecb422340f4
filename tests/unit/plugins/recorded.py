# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Recorded output of real tools, in files named after the command and the release; warnings as a person reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"


def recorded(name: str) -> str:
    """Return one recorded output."""
    return (FIXTURES / name).read_text(encoding="utf-8")


def warnings_of(result: dict[str, Any]) -> list[str]:
    """Return the texts of the warnings a module gave, in whatever form this ansible-core passes them on."""
    return [warning if isinstance(warning, str) else warning["event"]["msg"] for warning in result.get("warnings", [])]
