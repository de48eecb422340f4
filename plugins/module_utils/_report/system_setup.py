# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Clock and restart settings of a Mac."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import as_text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import system_setup
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare settings by the names the module macos_system_setup gives them."""
    wanted = arguments.mapping("settings")
    unknown = sorted(set(wanted) - set(system_setup.SETTINGS))
    if unknown:
        raise ReportError(f"settings has {', '.join(unknown)}, known are {', '.join(system_setup.SETTINGS)}.")
    current = system_setup.read(context.commands, wanted)
    return Measurement(
        ok=all(current[name] == value for name, value in wanted.items()),
        measured=", ".join(f"{name} {as_text(current[name])}" for name in wanted),
        expected=", ".join(f"{name} {as_text(value)}" for name, value in wanted.items()),
        advice="Repeat site.yml with the tag macos_headless.",
    )


KIND = Kind("system settings", measure)
