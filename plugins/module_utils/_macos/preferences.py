# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Values in macOS preference domains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Setting
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnknownStateError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos.setting import Option

DEFAULTS = "/usr/bin/defaults"

ABSENT = ("does not exist", "Could not find key")


_SWITCH = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


class PreferenceSwitch(Setting):
    """Switches in one domain, all on or all off; one that nobody has set is neither, and macOS does as it likes."""

    def __init__(self, option: Option, title: str, domain: str, keys: tuple[str, ...]) -> None:
        self.options = (option,)
        self.title = title
        self._domain, self._keys = domain, keys

    def wanted(self, value: bool) -> State:
        """Return the switches."""
        return dict.fromkeys(self._keys, value)

    def read(self, commands: Commands) -> State:
        """Return the switches; None is one that nobody has set."""
        return {key: read_switch(commands, self._domain, key) for key in self._keys}

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return one command for each switch that differs; one that nobody had set is taken away again."""
        return [self._command(key, value) for key, value in wanted.items() if current[key] != value]

    def _command(self, key: str, value: bool | None) -> list[str]:
        if value is None:
            return [DEFAULTS, "delete", self._domain, key]
        return [DEFAULTS, "write", self._domain, key, "-bool", "true" if value else "false"]


def read_switch(commands: Commands, domain: str, key: str) -> bool | None:
    """Return a value that is on or off; None where it is not set."""
    result = commands.run([DEFAULTS, "read", domain, key])
    value = result.out.strip().lower()
    if result.rc == 0 and value in _SWITCH:
        return _SWITCH[value]
    if result.rc != 0 and any(text in result.text for text in ABSENT):
        return None
    raise UnknownStateError("defaults", result.text, f"{domain} {key}")
