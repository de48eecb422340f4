# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Power settings of a Mac."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _pmset
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
    wanted = {name: _pmset.value_of(name, value) for name, value in arguments.mapping("settings").items()}
    current = _pmset.read(context.commands)
    _pmset.refuse_unknown(current, wanted)
    return Measurement(
        ok=all(current.get(name, 0) == value for name, value in wanted.items()),
        measured=", ".join(f"{name} {current.get(name, 'not supported')}" for name in wanted),
        expected=", ".join(f"{name} {value}" for name, value in wanted.items()),
        advice=ADVICE,
    )


def measure_restart(arguments: Arguments, context: Context) -> Measurement:
    """Compare what happens when power comes back."""
    wanted = arguments.choice("expected", tuple(_pmset.RESTART_VALUES))
    return compare(_pmset.restart_policy(_pmset.read(context.commands)), wanted, ADVICE)


KIND = Kind("power settings", measure_settings)
RESTART_KIND = Kind("when power comes back", measure_restart)
