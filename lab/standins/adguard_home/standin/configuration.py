# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The file: read, migrated, checked as far as the program does; at start filled with defaults and written again."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

import yaml

from .defaults import DOH_ROUTES, SCHEMA_VERSION, defaults, entry_defaults

if TYPE_CHECKING:
    from pathlib import Path

_ADDRESS = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[0-9.]+):(\d{1,5})")
_PART = re.compile(r"(\d+)(d|h|ms|m|s)")
_DURATION = re.compile(rf"(?:{_PART.pattern})+")
_UNITS = {"d": 86400000, "h": 3600000, "m": 60000, "s": 1000, "ms": 1}
OLDEST_SCHEMA = 29
_SIZES = {"port": ("uint16", 65535), "ratelimit": ("uint32", 4294967295)}


class ConfigurationError(Exception):
    """The file is refused; the text is what the program says."""


def load(path: Path) -> dict[str, Any]:
    """Return the complete configuration; what the program does not know is dropped, and that in silence.

    A file of an older schema is written anew at once, with the keys it has.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(f"go-yaml load error in parser {_reason(error)}") from error
    if not isinstance(found, dict):
        raise ConfigurationError(f"line 1: cannot unmarshal !!{type(found).__name__} into map")
    if migrate(found):
        store(path, found)
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    complete = _filled(defaults(), found, node)
    address = str(complete["http"]["address"])
    matched = _ADDRESS.fullmatch(address)
    if not matched or int(matched[1]) > 65535:
        raise ConfigurationError(f"parsing http address: {address!r}: not an ip:port")
    return complete


def migrate(found: dict[str, Any]) -> bool:
    """Bring a file of an older schema to the current one; tell whether it was one."""
    version = found.get("schema_version", 0)
    if not isinstance(version, int) or version < OLDEST_SCHEMA:
        raise ConfigurationError(f"migrating schema {version} to {OLDEST_SCHEMA}: the stand-in knows no schema so old")
    if version > SCHEMA_VERSION:
        raise ConfigurationError(f"unknown current schema version {version}")
    if version < 32 and isinstance(found.get("dns"), dict):
        found["dns"].update(cache_optimistic_answer_ttl="30s", cache_optimistic_max_age="12h")
    if version < 34 and isinstance(found.get("http"), dict) and isinstance(found.get("tls"), dict):
        insecure = found["tls"].pop("allow_unencrypted_doh", False)
        found["http"]["doh"] = {"routes": list(DOH_ROUTES), "insecure_enabled": insecure}
    found["schema_version"] = SCHEMA_VERSION
    return bool(version < SCHEMA_VERSION)


def _reason(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"at L{mark.line + 1}.C{mark.column + 1}: {problem}" if mark else problem


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
        return [_entry(key, entry, part) for entry, part in zip(value, node.value, strict=True)]
    elif isinstance(default, str):
        if isinstance(value, (dict, list)):
            raise _wrong(node, "string")
        return _duration(str(value)) if _DURATION.fullmatch(default) else str(value)
    return value


def _entry(key: str, entry: Any, node: yaml.Node) -> Any:
    """Return one entry of a list: a mapping with what belongs into it, or a text in the program's own way."""
    standard = entry_defaults(key)
    if standard is not None and isinstance(entry, dict):
        return _filled(standard, entry, node)
    if key in {"trusted_proxies", "ratelimit_whitelist", "dns64_prefixes"}:
        try:
            return str(ipaddress.ip_network(entry, strict=False) if "/" in entry else ipaddress.ip_address(entry))
        except ValueError:
            return entry
    return entry


def _duration(text: str) -> str:
    """Write a duration as the program does: 24h is 1d, and 10000ms are 10s."""
    if not _DURATION.fullmatch(text):
        return text
    rest = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text)) // 1000
    if rest and rest % 86400 == 0:
        return f"{rest // 86400}d"
    hours, minutes, left = rest // 3600, rest % 3600 // 60, rest % 60
    words = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{left}s" if left else ""]
    return "".join(words) or "0s"


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
