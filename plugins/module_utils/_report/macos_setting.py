# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A setting of a Mac, as the module macos_headless declares it; and which of them are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power import LAPTOP, REFUSE, read_profiles
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_text import BATTERY, describe_sleep
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.settings import BY_NAME
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Setting

VALUES: dict[str, Callable[[Arguments, str], Any]] = {
    "bool": Arguments.switch,
    "dict": Arguments.mapping,
    "list": Arguments.texts,
    "int": lambda arguments, name: arguments.integer(name, 0),
    "str": Arguments.text,
}


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare a setting with a value of its option."""
    setting = _find(arguments.text("setting"))
    option = setting.options[0]
    value = VALUES[option.type](arguments, "expected")
    if option.choices:
        arguments.choice("expected", option.choices)
    if not setting.is_managed(value):
        return Measurement(True, "not managed", "not managed")
    found = setting.compare(context.live if setting.passing else context.commands, value)
    return Measurement(found.ok, found.measured, found.expected, found.advice)


def note_profile(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """Say what is left alone; no setting of the Mac makes this line false."""
    profile = arguments.text("profile")
    titles = [_find(name).title for name in arguments.texts("unmanaged")]
    left = f"left alone: {', '.join(titles)}" if titles else "nothing is left alone"
    return Measurement(True, f"{profile}; {left}", profile)


def measure_sleep(arguments: Arguments, context: Context) -> Measurement:
    """Say when the Mac falls asleep by itself; only a laptop that nobody has allowed to be a server is wrong."""
    refused = arguments.optional_text("laptop") == REFUSE
    profiles = read_profiles(context.commands)
    expected = "no laptop" if refused else "as it is set"
    return Measurement(not (refused and BATTERY in profiles), describe_sleep(profiles), expected, LAPTOP)


def _find(name: str) -> Setting:
    if name not in BY_NAME:
        raise ReportError(f"there is no setting called {name}, known are {', '.join(BY_NAME)}.")
    return BY_NAME[name]


def _title(check: Mapping[str, Any]) -> str:
    setting = BY_NAME.get(str(check.get("setting")))
    return setting.title if setting else f"setting {check.get('setting', '?')}"


KIND = Kind(_title, measure)
SLEEP_KIND = Kind("when it sleeps", measure_sleep)
PROFILE_KIND = Kind("profile of the Mac", note_profile)
