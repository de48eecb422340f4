# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Boot arguments of the running system, and those stored for the next start."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import boot_args
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare single arguments; stored but not yet active is not enough."""
    present, absent = arguments.texts("present"), arguments.texts("absent")
    stored = boot_args.read(context.commands)
    active = boot_args.read_active(context.commands)
    ok = boot_args.is_active(active, present, absent)
    waiting = not ok and boot_args.merge(stored, present, absent) == stored
    return Measurement(
        ok=ok,
        measured=" ".join(active) or "none",
        expected=", ".join([*present, *(f"no {name}" for name in absent)]),
        advice="They are stored: restart this Mac." if waiting else boot_args.RECOVERY,
    )


KIND = Kind("boot arguments", measure)
