# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Give what `-e name=value` says its type: there every value is text, and in a template the text "false" is true."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def give_types(variables: MutableMapping[str, Any], options: Mapping[str, Mapping[str, Any]]) -> None:
    """Replace text by the number or truth value that it says, where the variable is one; leave all else alone."""
    for name, value in list(variables.items()):
        if isinstance(value, str):
            variables[name] = _typed(value, options.get(name, {}).get("type", "str"))


def _typed(value: str, kind: str) -> Any:
    try:
        if kind == "int":
            return int(value)
        if kind == "float" and math.isfinite(float(value)):
            return float(value)
    except ValueError:
        return value
    return _BOOLEANS.get(value.lower(), value) if kind == "bool" else value
