# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A value of the kernel."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare for equality, or with `minimum`."""
    name, wanted, minimum = arguments.text("name"), arguments.optional_text("expected"), arguments.number("minimum")
    program = "/usr/sbin/sysctl" if context.is_macos else "sysctl"
    current = context.commands.check_output([program, "-n", name]).strip()
    equal = wanted is None or current == wanted
    enough = minimum is None or (current.isdigit() and int(current) >= minimum)
    expected = [wanted] if wanted is not None else []
    expected += [f"{minimum:g} or more"] if minimum is not None else []
    return Measurement(equal and enough, current, ", ".join(expected) or "any")


KIND = Kind("kernel value {name}", measure)
