# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What may be asked over SSH: four words with their numbers and addresses, whatever the other side sends."""

from __future__ import annotations

import re

MAC = r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}"
_ALLOWED = re.compile(rf"(?:status|suspend) {MAC}|stay|awake [1-9][0-9]{{0,4}} {MAC}", re.ASCII)


def words(asked: str) -> list[str] | None:
    """Return the words of a question; None where it is none of these."""
    return asked.split(" ") if _ALLOWED.fullmatch(asked) else None
