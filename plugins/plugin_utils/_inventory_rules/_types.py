# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Compare a value with its specification, strictly: what the value says must be what the person meant."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import (
    closest,
    did_you_mean,
    enumerate_names,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_WANTED = {
    "bool": "true or false, without quotes",
    "dict": "a mapping",
    "float": "a number, without quotes",
    "int": "a whole number, without quotes",
    "list": "a list",
    "path": "a path",
    "str": "text; put it in quotes",
}

_SCALARS = ("bool", "float", "int", "path", "str")
"""Of these there is nothing left to look at."""


def _fits(kind: str, value: Any) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "float":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if kind == "list":
        return isinstance(value, (list, tuple))
    if kind == "dict":
        return isinstance(value, Mapping)
    return isinstance(value, str) if kind in ("str", "path") else True


def _shown(value: Any, option: Mapping[str, Any]) -> str:
    if option.get("no_log"):
        return "has a wrong value"
    return f"is {written(value)}"


def value_faults(path: str, value: Any, option: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with a value; an unset value is never wrong here."""
    if value is None:
        return
    kind = option.get("type", "str")
    if not _fits(kind, value):
        yield f"{path} {_shown(value, option)}; write {_WANTED[kind]}."
        return
    choices = [choice for choice in option.get("choices") or () if choice is not None]
    if choices and kind != "list" and value not in choices:
        listed = ", ".join(map(str, choices))
        advice = f"write one of {listed}." if option.get("no_log") else did_you_mean(str(value), map(str, choices))
        yield f"{path} {_shown(value, option)}; {advice}"
    elif kind == "list":
        element = {**option, "type": option.get("elements", "raw"), "elements": "raw"}
        for place, member in enumerate(value):
            if member is None:
                yield f"{path}[{place}] is empty; write {_WANTED.get(element['type'], 'a value')}, or remove it."
            yield from value_faults(f"{path}[{place}]", member, element)
    elif kind == "dict" and option.get("options"):
        # What lies inside a secret is one.
        inner = {"no_log": True} if option.get("no_log") else {}
        yield from _member_faults(path, value, {key: {**member, **inner} for key, member in option["options"].items()})


def _member_faults(path: str, value: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[str]:
    missing = [key for key, option in options.items() if option.get("required") and value.get(key) is None]
    strangers = [key for key in value if key not in options]
    for key in strangers:
        # One that is misspelt is not missing as well.
        guess = closest(str(key), missing, 0.6)
        if guess:
            missing.remove(guess)
    if len(strangers) > 1 and not any(closest(str(key), options, 0.6) for key in strangers):
        names = enumerate_names(map(str, strangers))
        yield f"{path} has {names}, which it does not know; {did_you_mean('', options)}"
        return
    for key, member in value.items():
        if key in options:
            yield from value_faults(f"{path}.{key}", member, options[key])
        else:
            yield f"{path} has {key}, which it does not know; {did_you_mean(str(key), options)}"
    # What is there under another name is not missing as well.
    if len(missing) > sum(1 for key in strangers if not closest(str(key), options, 0.6)):
        yield f"{path} has no {enumerate_names(missing)}; add it."


def option_faults(name: str, value: Any, option: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with a variable; Ansible's own validator has the last word on what we do not look at."""
    faults = list(value_faults(name, value, option))
    if faults or value is None or option.get("type", "str") in _SCALARS:
        return faults
    result = ArgumentSpecValidator({name: dict(option)}).validate({name: value})
    if result.error_messages and option.get("no_log"):
        return [f"{name} has a wrong value; correct it."]  # Ansible's own sentences repeat it
    return [f"{message}; correct {name}." for message in result.error_messages]
