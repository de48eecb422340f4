# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a loaded model is in the memory of a card; it has to have answered before."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _on_card
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._ollama import client
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

_ADVICE = "Restart the backend. If it stays so, look at its log for what keeps it from the card."


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask Ollama, or the driver about the processes of llama.cpp."""
    model, required = arguments.text("model"), arguments.switch("required")
    backend = arguments.choice("backend", ("ollama", "llama_cpp"))
    seconds = arguments.number("timeout") or 600.0
    if backend == "ollama":
        placed = client.placed(client.asker(arguments.text("url"), seconds), model)
    else:
        # One that is to compute on the processor was not made for cards.
        commands = context.live if required else None
        placed = _on_card.of_files(commands, arguments.text("directory"), arguments.text("folder"))
    works = not (required and placed.computes_beside and _on_card.has_card(context.live))
    return Measurement(
        works,
        placed.sentence(model).rstrip("."),
        "in the memory of a card, where there is one" if required else "wherever there is room",
        "" if works else _ADVICE,
        {} if placed.on_card is None else {"on_card": placed.on_card},
    )


# Ollama may have to load it first.
KIND = Kind("memory of {model}", measure, slow=True)
