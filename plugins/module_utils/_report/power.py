# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Power settings of a Mac."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import power
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    compare,
)

ADVICE = "Repeat site.yml with the tag macos_headless."


def measure_settings(arguments: Arguments, context: Context) -> Measurement:
    """Compare settings; one that this Mac does not have counts as 0."""
    wanted = {name: power.value_of(name, value) for name, value in arguments.mapping("settings").items()}
    current = power.read(context.commands)
    power.refuse_unknown(current, wanted)
    return Measurement(
        ok=all(current.get(name, 0) == value for name, value in wanted.items()),
        measured=", ".join(f"{name} {current.get(name, 'not supported')}" for name in wanted),
        expected=", ".join(f"{name} {value}" for name, value in wanted.items()),
        advice=ADVICE,
    )


def measure_restart(arguments: Arguments, context: Context) -> Measurement:
    """Compare what happens when power comes back."""
    wanted = arguments.choice("expected", tuple(power.RESTART_VALUES))
    return compare(power.restart_policy(power.read(context.commands)), wanted, ADVICE)


KIND = Kind("power settings", measure_settings)
RESTART_KIND = Kind("when power comes back", measure_restart)
