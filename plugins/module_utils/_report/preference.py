# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One value in a macOS preference domain."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    ReportError,
)

DEFAULTS = "/usr/bin/defaults"


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the value; `defaults` prints a boolean as 1 or 0."""
    domain, key = arguments.text("domain"), arguments.text("key")
    wanted = {"True": "1", "False": "0"}.get(arguments.text("expected"), arguments.text("expected"))
    result = context.commands.run([DEFAULTS, "read", domain, key])
    missing = any(text in result.text for text in ("does not exist", "Could not find key"))
    if result.rc != 0 and not missing:
        raise ReportError(f"{domain} {key} cannot be read: {result.text or 'defaults printed nothing'}")
    current = "not set" if missing else result.out.strip()
    return Measurement(current == wanted, current, wanted, "Repeat site.yml.")


KIND = Kind("preference {key}", measure)
