# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The three names of a Mac."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import computer_name
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the names with one another and with the inventory's."""
    wanted = arguments.text("expected")
    names = computer_name.read(context.commands)
    different = [f"{name} {value or 'not set'}" for name, value in names.items() if value != wanted]
    return Measurement(not different, ", ".join(different) or wanted, wanted, "Repeat site.yml.")


KIND = Kind("computer name", measure)
