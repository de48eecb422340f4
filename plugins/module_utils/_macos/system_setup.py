# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Settings of `systemsetup`, a tool that exits with 0 whatever happens and prints errors in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

SYSTEMSETUP = "/usr/sbin/systemsetup"
UNSUPPORTED = "unsupported"
"""The value of a setting that this Mac does not have."""


_SWITCH = {"On": True, "Off": False}


class SystemSetupError(ClusterError):
    """A setting could not be read or changed."""


@dataclass(frozen=True)
class Setting:
    """One setting: its verbs, the label its value is printed after, and whether it is a switch."""

    getter: str
    setter: str
    label: str
    switch: bool


SETTINGS = {
    "restart_on_freeze": Setting("-getrestartfreeze", "-setrestartfreeze", "Restart After Freeze", True),
    "time_zone": Setting("-gettimezone", "-settimezone", "Time Zone", False),
    "network_time_server": Setting("-getnetworktimeserver", "-setnetworktimeserver", "Network Time Server", False),
    "network_time": Setting("-getusingnetworktime", "-setusingnetworktime", "Network Time", True),
}
"""In the order of writing: a server is named before the clock is told to follow it."""


def parse(name: str, text: str) -> bool | str:
    """Return the value of a setting in the output of its getter."""
    setting = SETTINGS[name]
    if "need administrator access" in text:
        raise SystemSetupError(f"Reading {name} needs root: set become to true for this task.")
    for line in text.splitlines():
        label, colon, value = line.strip().partition(": ")
        if colon and label == setting.label:
            value = value.strip().rstrip(".") if setting.switch else value.strip()
            if "not supported" in value.lower():
                return UNSUPPORTED
            if value in _SWITCH or (value and not setting.switch):
                return _SWITCH[value] if setting.switch else value
    if "not supported on this machine" in text.lower():
        return UNSUPPORTED
    raise UnknownStateError("systemsetup", text, f"the setting {name}")


def read(commands: Commands, names: Iterable[str]) -> dict[str, Any]:
    """Return the present values; only standard output counts, standard error is noise."""
    values = {}
    for name in names:
        result = commands.run([SYSTEMSETUP, SETTINGS[name].getter])
        if result.rc != 0:
            raise UnknownStateError("systemsetup", result.text, f"the setting {name}")
        values[name] = parse(name, result.out)
    return values


def plan(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[list[str]]:
    """Return one command for each setting that differs."""
    return [
        [SYSTEMSETUP, setting.setter, ("on" if wanted[name] else "off") if setting.switch else wanted[name]]
        for name, setting in SETTINGS.items()
        if name in wanted and current.get(name) != wanted[name]
    ]


def manage(call: Call) -> dict[str, object]:
    """Bring the managed settings to their values."""
    commands = call.commands
    managed = {name: call.options[name] for name in SETTINGS if call.options[name] is not None}
    current = read(commands, managed)
    unsupported = [name for name, value in current.items() if value == UNSUPPORTED]
    for name in unsupported:
        call.warn(f"This Mac does not support {name}: it stays unmanaged.")
    wanted = {name: value for name, value in managed.items() if name not in unsupported}
    outcome = apply_and_verify(
        commands,
        current,
        plan(current, wanted),
        wanted,
        lambda: read(commands, managed),
        check_mode=call.check_mode,
        error=SystemSetupError,
    )
    return {
        "changed": outcome.changed,
        "diff": outcome.diff,
        "settings": outcome.after,
        "unsupported": unsupported,
    }
