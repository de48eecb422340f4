# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a model answers at least one token."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import answer
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask for a few tokens; a model that is being loaded is waited for."""
    url, model = arguments.text("url"), arguments.text("model")
    password, path = arguments.optional_text("password"), arguments.optional_text("path")
    seconds = arguments.number("timeout") or 60.0
    key = context.password(password) if password else None
    asked = answer.ask(url, model, key, timeout=seconds, path=path or answer.CHAT)
    return Measurement(
        asked.answered,
        asked.sentence.rstrip("."),
        f"an answer within {seconds:g} seconds",
        "Look at the log of the backend.",
    )


KIND = Kind("answer of {model}", measure, slow=True)
