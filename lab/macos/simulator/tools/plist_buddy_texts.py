# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How ``PlistBuddy`` writes and reads values."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

USAGE = 'Usage: PlistBuddy [-cxh] <file.plist>\n    -c "<command>" execute command, otherwise run in interactive mode'


def render(value: Any, level: int = 0) -> str:
    """Return a value in PlistBuddy's own notation."""
    indent = "    " * (level + 1)
    if isinstance(value, dict):
        lines = [f"{indent}{key} = {render(item, level + 1)}" for key, item in value.items()]
        return "\n".join(["Dict {", *lines, "    " * level + "}"])
    if isinstance(value, list):
        lines = [f"{indent}{render(item, level + 1)}" for item in value]
        return "\n".join(["Array {", *lines, "    " * level + "}"])
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:f}"
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def parse_value(kind: str, text: str) -> Any:
    """Return the value a text stands for; an unknown type is a ValueError."""
    text = text.strip("\"'")
    if kind in {"dict"}:
        return {}
    if kind in {"array", "list"}:
        return []
    if kind == "bool":
        return text.lower() in {"true", "yes", "1"}
    if kind in {"integer", "int"}:
        return int(text)
    if kind in {"real", "float"}:
        return float(text)
    if kind in {"string", "str"}:
        return text
    raise ValueError(kind)
