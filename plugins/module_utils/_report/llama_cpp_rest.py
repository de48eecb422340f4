# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a model of llama.cpp, or llama.cpp itself, rests because it ended again and again."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import router
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, _context: Context) -> Measurement:
    """Read what the program that runs the router tells."""
    sentences = router.resting(arguments.text("path"))
    advice = "Correct that and restart the service llama-cpp: it begins anew then." if sentences else ""
    return Measurement(not sentences, " ".join(sentences).rstrip(".") or "nothing rests", "nothing rests", advice)


KIND = Kind("models that ended again and again", measure)
