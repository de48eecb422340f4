# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One value in a macOS preference domain."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import preferences
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the value; `defaults` prints a boolean as 1 or 0."""
    domain, key = arguments.text("domain"), arguments.text("key")
    wanted = {"True": "1", "False": "0"}.get(arguments.text("expected"), arguments.text("expected"))
    value = preferences.read(context.commands, domain, key)
    current = "not set" if value is None else value
    return Measurement(current == wanted, current, wanted, "Repeat site.yml.")


KIND = Kind("preference {key}", measure)
