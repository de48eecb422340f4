# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Power settings of macOS: what `pmset` prints, and the arguments that change it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.power_text import PROFILE, parse_custom
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

PMSET = "/usr/bin/pmset"
READ = [PMSET, "-g", "custom"]

RESTART = "autorestart"
RESTART_AT_CONNECT = "autorestartatconnect"
RESTART_VALUES = {"never": (0, 0), "after_failure": (1, 0), "always": (0, 1)}

FIRST = ("sleep", "displaysleep", "disksleep")
"""Written in this order: a display that sleeps later than the system makes pmset warn."""

BOOLEANS = frozenset(
    {
        "womp",
        "ring",
        "powernap",
        "ttyskeepawake",
        "tcpkeepalive",
        "standby",
        "lowpowermode",
        "highpowermode",
        "networkoversleep",
        "autopoweroff",
        "proximitywake",
        "lidwake",
        "acwake",
        "halfdim",
        "lessbright",
    }
)
"""pmset stores any value but 0 as 1 for these."""

REFUSED = {
    "disablesleep": "it is undocumented and conflicts with other settings on Apple silicon; use sleep: 0",
    "Sleep On Power Button": "pmset shows it but cannot set it",
    RESTART: "use the option restart_after_power_failure",
    RESTART_AT_CONNECT: "use the option restart_after_power_failure",
}


class PowerError(ClusterError):
    """Power settings could not be read or changed."""


@dataclass(frozen=True)
class Wanted:
    """What this Mac can be asked for, and what it cannot do."""

    settings: dict[str, int]
    unsupported: list[str]
    warnings: list[str]


def read(commands: Commands) -> dict[str, int | str]:
    """Return the settings of the mains profile."""
    result = commands.run(READ)
    settings = parse_custom(result.out).get(PROFILE) if result.rc == 0 else None
    if not settings:
        raise UnknownStateError("pmset", result.text, "how this Mac uses mains power")
    return settings


def refuse_unknown(current: Mapping[str, int | str], names: Iterable[str]) -> None:
    """Stop where a setting that is asked for has a value that is no number."""
    for name in names:
        if isinstance(current.get(name), str):
            raise UnknownStateError("pmset", f"{name} {current[name]}", f"the power setting {name}")


def restart_policy(settings: Mapping[str, int | str]) -> str | None:
    """Name what happens after a power failure; None where this Mac has no such setting.

    Both keys together mean "always": System Settings itself rewrites that to the second key alone.
    """
    if RESTART not in settings:
        return None
    refuse_unknown(settings, (RESTART, RESTART_AT_CONNECT))
    if settings.get(RESTART_AT_CONNECT, 0):
        return "always"
    return "after_failure" if settings[RESTART] else "never"


def wanted_settings(current: Mapping[str, int | str], settings: Mapping[str, Any], restart: str | None) -> Wanted:
    """Work out the values to reach on this Mac; what it does not have is named instead of being written."""
    for name, reason in REFUSED.items():
        if name in settings:
            raise PowerError(f"settings: {name} cannot be set here: {reason}.")
    values = {name: value_of(name, value) for name, value in settings.items()}
    refuse_unknown(current, values)
    unsupported = sorted(name for name in values if name not in current)
    warnings = [f"This Mac has no power setting {name}: it stays unmanaged." for name in unsupported]
    wanted = {name: value for name, value in values.items() if name in current}
    if restart is not None and RESTART not in current:
        unsupported.append("restart_after_power_failure")
        warnings.append("This Mac cannot restart by itself after a power failure: it has no setting autorestart.")
    elif restart is not None:
        if restart == "always" and RESTART_AT_CONNECT not in current:
            restart = "after_failure"
            unsupported.append(RESTART_AT_CONNECT)
            warnings.append(
                "This Mac cannot start whenever power is connected (autorestartatconnect needs macOS 26.5 and a Mac "
                "of 2024 or later): it restarts after a power failure instead."
            )
        if restart_policy(current) != restart:
            after_failure, at_connect = RESTART_VALUES[restart]
            wanted[RESTART] = after_failure
            if RESTART_AT_CONNECT in current:
                wanted[RESTART_AT_CONNECT] = at_connect
    return Wanted(wanted, unsupported, warnings)


def value_of(name: str, value: object) -> int:
    """Return a setting as pmset stores it."""
    text = str(int(value)) if isinstance(value, bool) else str(value).strip()
    text = {"true": "1", "yes": "1", "on": "1", "false": "0", "no": "0", "off": "0"}.get(text.lower(), text)
    if not text.isdigit():
        raise PowerError(f"settings: {name} must be a number from 0 or a boolean, not {value!r}.")
    number = int(text)
    return int(number != 0) if name in BOOLEANS else number


def plan(current: Mapping[str, int | str], wanted: Mapping[str, int]) -> list[list[str]]:
    """Return the one command that writes every value that differs, or nothing."""
    names = [name for name in wanted if current.get(name) != wanted[name]]
    names.sort(key=lambda name: (FIRST.index(name) if name in FIRST else len(FIRST), name))
    if not names:
        return []
    return [[PMSET, "-a", *(word for name in names for word in (name, str(wanted[name])))]]


def manage(call: Call) -> dict[str, object]:
    """Bring the power settings to what the options say."""
    commands = call.commands
    current = read(commands)
    wanted = wanted_settings(current, call.options["settings"], call.options["restart_after_power_failure"])
    for warning in wanted.warnings:
        call.warn(warning)
    outcome = apply_and_verify(
        commands,
        current,
        plan(current, wanted.settings),
        wanted.settings,
        lambda: read(commands),
        check_mode=call.check_mode,
        error=PowerError,
    )
    unknown = any(isinstance(outcome.after.get(name), str) for name in (RESTART, RESTART_AT_CONNECT))
    return {
        "changed": outcome.changed,
        "diff": outcome.diff,
        "settings": outcome.after,
        "restart_after_power_failure": None if unknown else restart_policy(outcome.after),
        "unsupported": wanted.unsupported,
    }
