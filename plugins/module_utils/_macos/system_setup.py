# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Settings of `systemsetup`, a tool that exits with 0 whatever happens and prints errors in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import (
    UNSUPPORTED,
    Option,
    Setting,
    SettingError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

SYSTEMSETUP = "/usr/sbin/systemsetup"
_SWITCH = {"On": True, "Off": False}


class SystemSetup(Setting):
    """One setting: its verbs are called alike, and its value is printed after a label."""

    def __init__(self, option: Option, title: str, verb: str, label: str) -> None:
        self.options = (option,)
        self.title = title
        self._verb, self._label = verb, label

    def read(self, commands: Commands) -> State:
        """Return the value; only standard output counts, standard error is noise."""
        result = commands.run([SYSTEMSETUP, f"-get{self._verb}"])
        if result.rc != 0:
            raise UnknownStateError("systemsetup", result.text, f"the setting {self.name}")
        return {self.name: self._parse(result.out)}

    def commands(self, current: State, wanted: State) -> list[list[str]]:  # noqa: ARG002 - one signature
        """Return the command that writes the value."""
        value = wanted[self.name]
        word = ("on" if value else "off") if self._is_switch else value
        return [[SYSTEMSETUP, f"-set{self._verb}", word]]

    @property
    def _is_switch(self) -> bool:
        return self.options[0].type == "bool"

    def _parse(self, text: str) -> bool | str:
        if "need administrator access" in text:
            raise SettingError(f"Reading {self.name} needs root: set become to true for this task.")
        for line in text.splitlines():
            label, colon, value = line.strip().partition(": ")
            if colon and label == self._label:
                value = value.strip().rstrip(".") if self._is_switch else value.strip()
                if "not supported" in value.lower():
                    return UNSUPPORTED
                if value in _SWITCH or (value and not self._is_switch):
                    return _SWITCH[value] if self._is_switch else value
        if "not supported on this machine" in text.lower():
            return UNSUPPORTED
        raise UnknownStateError("systemsetup", text, f"the setting {self.name}")


RESTART_ON_FREEZE = SystemSetup(
    Option(
        "restart_on_freeze",
        "bool",
        "Whether the Mac restarts by itself when it has stopped responding.",
        default=True,
    ),
    title="restart after a freeze",
    verb="restartfreeze",
    label="Restart After Freeze",
)
TIME_ZONE = SystemSetup(
    Option("time_zone", "str", "Name of the time zone, as listed by C(systemsetup -listtimezones)."),
    title="time zone",
    verb="timezone",
    label="Time Zone",
)
NETWORK_TIME_SERVER = SystemSetup(
    Option("network_time_server", "str", "The time server that the clock follows."),
    title="time server",
    verb="networktimeserver",
    label="Network Time Server",
)
NETWORK_TIME = SystemSetup(
    Option("network_time", "bool", "Whether the clock follows a time server.", default=True),
    title="clock set by the network",
    verb="usingnetworktime",
    label="Network Time",
)
