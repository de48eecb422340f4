# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The defaults in the argument specifications of roles, from defaults/main.yml, where people read and change them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_OPTION, _KEY = 6, 8
"""How far options, and the keys of one, are indented."""
_LONGEST = 100


def files(root: Path) -> dict[str, str]:
    """Return every specification by its path, with the defaults that its role has."""
    found = {}
    for path in sorted(root.glob("roles/*/meta/argument_specs.yml")):
        defaults = path.parents[1] / "defaults/main.yml"
        if defaults.exists():
            text = path.read_text(encoding="utf-8")
            found[str(path.relative_to(root))] = with_defaults(text, yaml.safe_load(defaults.read_text()) or {})
    return found


def with_defaults(text: str, defaults: Mapping[str, Any]) -> str:
    """Return a specification with these defaults; one that has them already stays as it is written."""
    options = {
        name: option
        for entry in yaml.safe_load(text)["argument_specs"].values()
        for name, option in (entry.get("options") or {}).items()
    }
    for name, option in options.items():
        if name not in defaults or option.get("required") or is_hidden(option, defaults[name]):
            continue
        if option.get("default") != defaults[name]:
            text = _replace(text, name, defaults[name])
    return text


def is_hidden(option: Mapping[str, Any], value: Any) -> bool:
    """Tell whether a default is in no specification: of secrets that are worked out, and of what may be null."""
    return bool(option.get("no_log") and "{{" in yaml.safe_dump(value)) or "V(null)" in str(option.get("description"))


def _replace(text: str, name: str, value: Any) -> str:
    lines = text.splitlines(keepends=True)
    first = lines.index(f"{' ' * _OPTION}{name}:\n")
    end = _end(lines, first, _OPTION)
    keys = {match[1]: number for number in range(first + 1, end) if (match := _key(lines[number]))}
    if "default" in keys:
        begin = keys["default"]
        lines[begin : _end(lines, begin, _KEY)] = _default(value)
    else:
        place = keys.get("options", end)
        lines[place:place] = _default(value)
    return "".join(lines)


def _key(line: str) -> re.Match[str] | None:
    return re.match(rf" {{{_KEY}}}(\w+):", line)


def _end(lines: list[str], first: int, indent: int) -> int:
    """Return the line after what belongs to the key of a line."""
    for number in range(first + 1, len(lines)):
        if lines[number].strip() and len(lines[number]) - len(lines[number].lstrip()) <= indent:
            return number
    return len(lines)


def _default(value: Any) -> list[str]:
    short = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False).removesuffix("\n...\n").strip()
    if len(short) <= _LONGEST:
        return [f"{' ' * _KEY}default: {short}\n"]
    block = yaml.safe_dump(value, width=10**6, sort_keys=False)
    return [f"{' ' * _KEY}default:\n", *(f"{' ' * (_KEY + 2)}{line}\n" for line in block.splitlines())]
