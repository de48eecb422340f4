# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The file: read, checked as far as the program checks it, filled with defaults, and written again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from .defaults import SCHEMA_VERSION, defaults

if TYPE_CHECKING:
    from pathlib import Path

_ADDRESS = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[0-9.]*):(\d{1,5})")
_SIZES = {"port": ("uint16", 65535), "ratelimit": ("uint32", 4294967295)}


class ConfigurationError(Exception):
    """The file is refused; the text is what the program says."""


def load(path: Path) -> dict[str, Any]:
    """Return the complete configuration; what the program does not know is dropped, and that in silence."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(f"yaml: {_reason(error)}") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"line 1: cannot unmarshal !!{type(found).__name__} into map")
    version = found.get("schema_version", 0)
    if version == 0:
        raise ConfigurationError("migrating schema 0 to 1: unexpected type of coredns section: <nil>")
    if version != SCHEMA_VERSION:
        raise ConfigurationError(f"unknown current schema version {version}")
    complete = _filled(defaults(), found, node)
    address = str(complete["http"]["address"])
    matched = _ADDRESS.fullmatch(address)
    if not matched or int(matched[1]) > 65535:
        raise ConfigurationError(f"parsing http address: {address!r}: not an ip:port")
    return complete


def _reason(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark else problem


def _filled(standard: dict[str, Any], found: dict[str, Any], node: yaml.Node | None) -> dict[str, Any]:
    """Return the defaults with every value of the file that has a key and the type for it."""
    nodes = {key.value: value for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}
    result = {}
    for key, default in standard.items():
        if found.get(key) is None:
            result[key] = default
        elif isinstance(default, dict):
            if not isinstance(found[key], dict):
                raise _wrong(nodes[key], "map")
            result[key] = _filled(default, found[key], nodes[key])
        else:
            result[key] = _typed(key, default, found[key], nodes[key])
    return result


def _typed(key: str, default: Any, value: Any, node: yaml.Node) -> Any:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise _wrong(node, "bool")
    elif isinstance(default, int):
        kind, largest = _SIZES.get(key, ("uint", 2**64 - 1))
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
            raise _wrong(node, kind)
    elif isinstance(default, list):
        if not isinstance(value, list):
            raise _wrong(node, "[]string")
    elif isinstance(default, str):
        if isinstance(value, (dict, list)):
            raise _wrong(node, "string")
        return str(value)
    return value


def _wrong(node: yaml.Node, kind: str) -> ConfigurationError:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        tag = node.tag.rpartition(":")[2]
        return ConfigurationError(f"line {line}: cannot construct !!{tag} `{node.value}` into {kind}")
    return ConfigurationError(
        f"line {line}: cannot unmarshal !!{'map' if isinstance(node, yaml.MappingNode) else 'seq'} into {kind}"
    )


def store(path: Path, configuration: dict[str, Any]) -> None:
    """Write the file in one step, readable by its owner alone."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True), encoding="utf-8")
    beside.chmod(0o600)
    beside.replace(path)


def protect(directory: Path, path: Path) -> None:
    """Take everybody else's rights to the working directory, its data and the file, as the program does at start."""
    data = directory / "data"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place, mode in ((directory, 0o700), (data, 0o700), (path, 0o600)):
        place.chmod(mode)


def seconds(duration: str) -> float:
    """Read a duration as the program writes it: 90d, 24h, 1h30m, 10s."""
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)([dhms])", duration))
