# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether macOS downloads and installs updates by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import preferences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

DOMAIN = "/Library/Preferences/com.apple.SoftwareUpdate"
KEYS = ("AutomaticDownload", "AutomaticallyInstallMacOSUpdates")


def read(commands: Commands) -> dict[str, Any]:
    """Return the switches; one that nobody has set is None, and macOS then does as it likes."""
    return {key: preferences.read_switch(commands, DOMAIN, key) for key in KEYS}


def plan(current: Mapping[str, Any], wanted: Mapping[str, bool]) -> list[list[str]]:
    """Return one command for each switch that differs."""
    return [
        [preferences.DEFAULTS, "write", DOMAIN, key, "-bool", "true" if value else "false"]
        for key, value in wanted.items()
        if current[key] != value
    ]


def manage(call: Call) -> dict[str, object]:
    """Turn the switches."""
    commands = call.commands
    current, wanted = read(commands), dict.fromkeys(KEYS, call.options["automatic"])
    outcome = apply_and_verify(
        commands,
        current,
        plan(current, wanted),
        wanted,
        lambda: read(commands),
        check_mode=call.check_mode,
        error=preferences.PreferenceError,
    )
    return {"changed": outcome.changed, "diff": outcome.diff, "updates": outcome.after}
