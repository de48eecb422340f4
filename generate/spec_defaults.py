# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The defaults in the argument specifications of roles, from defaults/main.yml, where people read and change them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from generate.yaml_text import end_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_OPTION, _KEY = 6, 8
"""How far options, and the keys of one, are indented."""
_LONGEST = 100


class _Dumper(yaml.SafeDumper):
    """Writes lists of words on one line, as people do."""

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:  # noqa: ARG002 - the base class has it
        """Return the node of a list."""
        short = not any(isinstance(member, (dict, list)) for member in sequence)
        return super().represent_sequence(tag, sequence, flow_style=short)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - the base class has it
        """Indent the members of a list."""
        super().increase_indent(flow, False)


def defaults_of(root: Path, role: str) -> Path:
    """Return the file with the defaults of a role; those of a role that others depend on may be in a role of their own.

    Ansible reads the specification of a role anew for every role that depends on it, in every play.
    """
    path = root / "roles" / role / "defaults/main.yml"
    apart = root / "roles" / f"{role}_values" / "defaults/main.yml"
    return apart if apart.exists() else path


def files(root: Path) -> dict[str, str]:
    """Return every specification by its path, with the defaults that its role has."""
    found = {}
    for path in sorted(root.glob("roles/*/meta/argument_specs.yml")):
        defaults = defaults_of(root, path.parents[1].name)
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
    end = end_of(lines, first, _OPTION)
    keys = {match[1]: number for number in range(first + 1, end) if (match := _key(lines[number]))}
    if "default" in keys:
        begin = keys["default"]
        lines[begin : end_of(lines, begin, _KEY)] = _default(value)
    else:
        place = keys.get("options", end)
        lines[place:place] = _default(value)
    return "".join(lines)


def _key(line: str) -> re.Match[str] | None:
    return re.match(rf" {{{_KEY}}}(\w+):", line)


def _default(value: Any) -> list[str]:
    short = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False).removesuffix("\n...\n").strip()
    if len(short) <= _LONGEST:
        return [f"{' ' * _KEY}default: {short}\n"]
    block = yaml.dump(value, Dumper=_Dumper, width=10**6, sort_keys=False)
    return [f"{' ' * _KEY}default:\n", *(f"{' ' * (_KEY + 2)}{line}\n" for line in block.splitlines())]
