# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The three names of a Mac, kept the same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option, Setting, SettingError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

SCUTIL = "/usr/sbin/scutil"
NAMES = ("ComputerName", "LocalHostName", "HostName")
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
"""What LocalHostName may be: one label of a domain name."""


class ComputerName(Setting):
    """One name for ComputerName, LocalHostName and HostName."""

    title = "computer name"
    restorable = False
    options = (
        Option(
            "name",
            "str",
            "The Mac's ComputerName, LocalHostName and HostName, up to 63 letters, digits and hyphens.",
            default="{{ inventory_hostname }}",
        ),
    )

    def wanted(self, value: str) -> State:
        """Return the names; a Mac takes others without a word."""
        if not LABEL.fullmatch(value):
            raise SettingError(
                f"{value!r} cannot be a Mac's name: use up to 63 letters, digits and hyphens, no hyphen at either end."
            )
        return dict.fromkeys(NAMES, value)

    def read(self, commands: Commands) -> State:
        """Return the names; `scutil` ends with 1 for one that is not set."""
        return {name: _read(commands, name) for name in NAMES}

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return one command for each name that differs."""
        return [[SCUTIL, "--set", name, value] for name, value in wanted.items() if current[name] != value]


def _read(commands: Commands, name: str) -> str | None:
    result = commands.run([SCUTIL, "--get", name])
    value = result.out.strip()
    if result.rc == 0 and value and "\n" not in value:
        return value
    if result.rc != 0 and (result.text == f"{name}: not set" or not result.text):
        return None
    raise UnknownStateError("scutil", result.text, f"the Mac's {name}")


SETTING = ComputerName()
