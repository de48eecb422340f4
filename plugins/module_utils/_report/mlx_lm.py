# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether the service of mlx_lm can answer, what computes, and why it rests, as its own process tells it."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import HttpError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

EXPECTED = "a token generated since the start, by Metal on a Mac"
_LOG = "Look at the log of the service."
_METAL = (
    "Restart the Mac. If it stays so, look whether its Python is one for arm64, and run site.yml with --tags mlx_lm."
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask the service."""
    url, model = arguments.text("url"), arguments.text("model")
    try:
        answer = context.fetch(url, arguments.number("timeout") or 10.0)
        told = json.loads(answer.text)
        status = str(told["status"])
    except HttpError as error:
        return Measurement(False, str(error), EXPECTED, _LOG)
    except (ValueError, KeyError, TypeError):
        return Measurement(False, f"{url} is not answered by our service", EXPECTED, "Find out who has the port.")
    return judge(model, status, told)


def judge(model: str, status: str, told: dict[str, Any]) -> Measurement:
    """Say what the service tells of itself."""
    if status != "ok":
        sentence = str(told.get("sentence") or f"{model} is {status}").rstrip(".")
        return Measurement(False, sentence, EXPECTED, _LOG)
    if told.get("fallback"):
        measured = f"the revision before, because the wanted one failed: {told.get('reason')}"
        return Measurement(False, measured, EXPECTED, "Correct its source in cluster_models, or remove what is broken.")
    where = f"Metal on {told.get('device')}" if told.get("metal") else f"the processor, {told.get('device')}"
    # A Python of Linux has no Metal, wherever it runs.
    works = bool(told.get("metal")) or told.get("system") != "darwin"
    return Measurement(works, f"{model} is computed by {where}", EXPECTED, "" if works else _METAL)


KIND = Kind("mlx_lm with {model}", measure, slow=True)
