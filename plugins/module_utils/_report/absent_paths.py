# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Files that must not be there."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:  # noqa: ARG001 - every kind is called alike
    """List what is still there."""
    left = [path for path in arguments.texts("paths") if _files.exists(path)]
    return Measurement(not left, ", ".join(left) or "none", "none", "Remove them.")


KIND = Kind("unwanted files", measure)
