# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Spotlight indexing."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import as_text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import spotlight
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare whether volumes are indexed."""
    wanted = arguments.switch("expected")
    # An answer that passes is asked for again, so none is remembered.
    current = spotlight.read(context.live, arguments.texts("volumes", ("/",)))
    return Measurement(
        ok=all(indexed == wanted for indexed in current.values()),
        measured=", ".join(f"{volume} {as_text(indexed)}" for volume, indexed in current.items()),
        expected=", ".join(f"{volume} {as_text(wanted)}" for volume in current),
        advice="Repeat site.yml with the tag macos_headless.",
    )


KIND = Kind("Spotlight indexing", measure)
