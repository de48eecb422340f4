# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""FileVault, which decides whether a Mac starts without a person."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import filevault
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the state; off means decrypted to the end."""
    wanted = arguments.switch("expected")
    status = filevault.read(context.commands)
    waits = "With FileVault on, this Mac waits for a person after every restart."
    if status.pending:
        waits = f"FileVault is turned on by itself: repeat site.yml with the tag macos_headless before that. {waits}"
    return Measurement(
        ok=status.on if wanted else status.off,
        measured=status.text,
        expected="FileVault is On." if wanted else "FileVault is Off.",
        advice="" if wanted else waits,
    )


KIND = Kind("FileVault", measure)
