# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A launchd daemon that must be gone with everything it left: files and its network location."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import leftovers
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """List what is left of it."""
    label, location = arguments.text("label"), arguments.optional_text("location")
    left = leftovers.find(context.commands, label, arguments.texts("paths"), location)
    return Measurement(not left, ", ".join(left) or "nothing", "nothing", "Repeat site.yml: it removes the rest.")


KIND = Kind("left of {label}", measure)
