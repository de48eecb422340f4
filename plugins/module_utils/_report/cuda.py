# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""NVIDIA GPUs: each computes a right sum, now."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import proof
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

EXPECTED = "a right sum by each GPU"


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Have every GPU compute."""
    attempt = proof.Attempt(context.live, arguments.integer("time_limit", 60), arguments.optional_text("user"))
    found = proof.prove(attempt, arguments.optional_text("minimum_capability"))
    if found.reason:
        return Measurement(False, found.reason.what, EXPECTED, found.reason.cure)
    told = [f"{card.title}: {card.reason.what}" if card.reason else _works(card) for card in found.cards]
    cures = dict.fromkeys(card.reason.cure for card in found.broken if card.reason)
    driver = f"driver {found.driver_version}, {found.flavour or 'unknown'} modules"
    return Measurement(not found.broken, f"{'; '.join(told)} ({driver})", EXPECTED, " ".join(cures))


def _works(card: proof.Card) -> str:
    return f"{card.title} computes"


KIND = Kind("CUDA", measure, slow=True)
