# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""AdGuard Home's file: ours is a set of keys and entries in it, everything else in it is the user's.

Nothing here touches a host; the plan is made where a YAML parser is, on the controller.
"""

from __future__ import annotations

import copy
import ipaddress
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA_VERSION = 34
"""What a file is written with when there is none; the program migrates it further when it is newer."""

_DURATION = re.compile(r"(?:\d+(?:d|h|ms|m|s))+")
_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_REWRITTEN = re.compile(r"\|\|([^\^$]+)\^\$dnsrewrite=")


@dataclass(frozen=True)
class Wanted:
    """What is ours."""

    administrator: str
    password_hash: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secret_settings: Mapping[str, Any] = field(default_factory=dict)
    """Over the others, and shown to nobody."""
    rewrites: list[dict[str, str]] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    filters: list[dict[str, str]] = field(default_factory=list)

    @property
    def all_settings(self) -> dict[str, Any]:
        """Return all keys to have."""
        return _combined(self.settings, self.secret_settings)

    @property
    def entries(self) -> dict[str, list[Any]]:
        """Return the list entries to remember, so that those that are ours no more can be told from the user's."""
        return {
            "rewrites": [dict(entry) for entry in self.rewrites],
            "rules": list(self.rules),
            "filters": [entry["url"] for entry in self.filters],
        }


def merge(current: Mapping[str, Any], wanted: Wanted, remembered: Mapping[str, Any]) -> dict[str, Any]:
    """Return the file with our keys and entries in it; what the program made of a value of ours stays as it is."""
    result: dict[str, Any] = copy.deepcopy(dict(current))
    result.setdefault("schema_version", SCHEMA_VERSION)
    _set(result, wanted.all_settings, remembered.get("made") or {})
    result["users"] = _users(current.get("users") or [], wanted)
    filtering = result.setdefault("filtering", {})
    filtering["rewrites"] = _rewrites(filtering.get("rewrites") or [], wanted, remembered.get("rewrites") or [])
    result["user_rules"] = _rules(current.get("user_rules") or [], wanted, remembered.get("rules") or [])
    result["filters"] = _filters(current.get("filters") or [], wanted, remembered.get("filters") or [])
    return result


def _combined(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first with the keys of the second over its own."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        result[key] = _combined(below or {}, value) if both else value
    return result


def _set(target: dict[str, Any], settings: Mapping[str, Any], known: Mapping[str, Any], path: str = "") -> None:
    for key, value in settings.items():
        name = f"{path}.{key}" if path else str(key)
        if key in target and known.get(name) == [_plain(value), _plain(target[key])]:
            continue
        if isinstance(value, Mapping):
            if not isinstance(target.get(key), dict):
                target[key] = {}
            _set(target[key], value, known, name)
        elif key not in target or not same(target[key], value):
            target[key] = copy.deepcopy(value)


def same(found: Any, wanted: Any) -> bool:
    """Compare two values; the program may write 24h as 1d."""
    if found == wanted and isinstance(found, bool) == isinstance(wanted, bool):
        return True
    return (isinstance(found, str) and isinstance(wanted, str) and _seconds(found) is not None) and _seconds(
        found
    ) == _seconds(wanted)


def _seconds(text: str) -> float | None:
    if not _DURATION.fullmatch(text):
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(d|h|ms|m|s)", text))


def _users(found: list[Any], wanted: Wanted) -> list[Any]:
    ours = {"name": wanted.administrator, "password": wanted.password_hash}
    if any(user.get("name") == wanted.administrator for user in found):
        return [{**user, **ours} if user.get("name") == wanted.administrator else user for user in found]
    return [*found, ours]


def _rewrites(found: list[Any], wanted: Wanted, before: list[Any]) -> list[Any]:
    """Leave a name of ours our answers only; of the other names those go that were ours before."""
    names = {entry["domain"] for entry in wanted.rewrites}
    missing = [{"domain": entry["domain"], "answer": entry["answer"], "enabled": True} for entry in wanted.rewrites]
    kept = []
    for entry in found:
        plain = {"domain": entry.get("domain"), "answer": entry.get("answer")}
        ours = {**plain, "enabled": True}
        if ours in missing and entry.get("enabled", True):
            missing.remove(ours)
            kept.append(entry)
        elif plain["domain"] not in names and plain not in before:
            kept.append(entry)
    return kept + missing


def _rules(found: list[str], wanted: Wanted, before: list[str]) -> list[str]:
    """Leave a name that we answer for by rule our rule only."""
    names = {_rewritten(rule) for rule in wanted.rules}
    kept: list[str] = []
    for rule in found:
        if rule in wanted.rules:
            if rule not in kept:
                kept.append(rule)
        elif rule not in before and (_rewritten(rule) is None or _rewritten(rule) not in names):
            kept.append(rule)
    return kept + [rule for rule in wanted.rules if rule not in kept]


def _rewritten(rule: str) -> str | None:
    matched = _REWRITTEN.match(rule)
    return matched[1] if matched else None


def _filters(found: list[Any], wanted: Wanted, before: list[str]) -> list[Any]:
    ours = {entry["url"]: entry for entry in wanted.filters}
    kept = []
    for entry in found:
        url = entry.get("url")
        if url in ours:
            kept.append({**entry, "enabled": True, "name": ours.pop(url)["name"]})
        elif url not in before:
            kept.append(entry)
    return kept + [
        {"enabled": True, "url": url, "name": entry["name"], "id": zlib.crc32(url.encode())}
        for url, entry in ours.items()
    ]


def reverse_rule(address: str, name: str) -> str:
    """Return the rule that gives an address its name: rewrites do not bring reverse records."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    return f"||{pointer}^$dnsrewrite=NOERROR;PTR;{name}."


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], secret: Mapping[str, Any] | None = None, path: str = ""
) -> dict[str, tuple[Any, Any]]:
    """Return what differs, by dotted key; of a password and of secret settings only that it does."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in [*after, *(key for key in before if key not in after)]:
        name = f"{path}.{key}" if path else str(key)
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            inner = secret.get(key) if isinstance(secret, Mapping) else secret
            found.update(differences(old, new, inner, name))
        elif old != new and _is_secret(secret, key):
            found[name] = (None if old is None else "set", "set" if old is None else "changed")
        elif old != new:
            found[name] = (_shown(name, old), _shown(name, new, old))
    return found


def _is_secret(secret: Any, key: str) -> bool:
    """Tell whether a key is one of the secret settings, has some below it, or lies below one."""
    return key in secret if isinstance(secret, Mapping) else secret is not None


def texts(settings: Any) -> list[str]:
    """Return the texts and numbers of nested settings, which no sentence may repeat; the longest come first."""
    if isinstance(settings, Mapping):
        found = [text for value in settings.values() for text in texts(value)]
    elif isinstance(settings, (list, tuple)):
        found = [text for value in settings for text in texts(value)]
    else:
        found = [] if settings is None or isinstance(settings, bool) else [str(settings)]
    return sorted((text for text in found if text), key=len, reverse=True)


def _shown(name: str, value: Any, other: Any = None) -> Any:
    """Return a value for people: of users only whether the hash of their password is another one."""
    if name != "users" or value is None:
        return value
    known = {user.get("name"): user.get("password") for user in other or []}
    return [
        {
            "name": user.get("name"),
            "password": "changed"
            if known.get(user.get("name"), user.get("password")) != user.get("password")
            else "set",
        }
        for user in value
    ]


def dropped(wanted: Wanted, found: Mapping[str, Any]) -> list[str]:
    """Return what of ours the program left out when it wrote its file at its start: it has no use for it."""
    filtering = found.get("filtering") or {}
    answers = [(entry.get("domain"), entry.get("answer")) for entry in filtering.get("rewrites") or []]
    lists = [entry.get("url") for entry in found.get("filters") or []]
    return [
        *(f"the key {name}" for name in _dropped_keys(wanted.all_settings, found)),
        *(f"the rewrite of {e['domain']}" for e in wanted.rewrites if (e["domain"], e["answer"]) not in answers),
        *(f"the rule {rule}" for rule in wanted.rules if rule not in (found.get("user_rules") or [])),
        *(f"the filter {entry['name']}" for entry in wanted.filters if entry["url"] not in lists),
    ]


def _dropped_keys(settings: Mapping[str, Any], found: Mapping[str, Any], path: str = "") -> list[str]:
    names: list[str] = []
    for key, value in settings.items():
        name = f"{path}.{key}" if path else str(key)
        if key not in found:
            names.append(name)
        else:
            names += _dropped_inside(value, found[key], name)
    return names


def _dropped_inside(value: Any, found: Any, name: str) -> list[str]:
    """Look into mappings, and into lists of mappings that are as long as they were."""
    if isinstance(value, Mapping) and isinstance(found, Mapping):
        return _dropped_keys(value, found, name)
    if isinstance(value, list) and isinstance(found, list) and len(value) == len(found):
        pairs = enumerate(zip(value, found))
        return [lost for number, (one, other) in pairs for lost in _dropped_inside(one, other, f"{name}[{number}]")]
    return []


def made(settings: Mapping[str, Any], found: Mapping[str, Any], path: str = "") -> dict[str, list[Any]]:
    """Return the values that the program wrote in a way of its own, each with what was wanted."""
    values: dict[str, list[Any]] = {}
    for key, value in settings.items():
        name = f"{path}.{key}" if path else str(key)
        if key not in found:
            continue
        if isinstance(value, Mapping) and isinstance(found[key], Mapping):
            values.update(made(value, found[key], name))
        elif not same(found[key], value):
            values[name] = [_plain(value), _plain(found[key])]
    return values


def _plain(value: Any) -> Any:
    """Return a value as it can be remembered; YAML also knows dates."""
    return json.loads(json.dumps(value, default=str))
