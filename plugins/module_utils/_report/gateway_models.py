# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether the gateway names every model of the table to a client with a key, and nothing to one without."""

from __future__ import annotations

import json

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import HttpError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

_LOG = "Look at the logs of the services gateway and gateway-front."
_AGAIN = "Run site.yml with --tags gateway."
_UNAUTHORIZED = 401


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask for the list, without a key and with one."""
    url = f"{arguments.text('url')}/v1/models"
    wanted, seconds = arguments.texts("models"), arguments.number("timeout") or 10.0
    expected = f"{', '.join(wanted)}, and nothing without a key"
    key = context.password(arguments.text("password"))
    try:
        stranger = context.fetch(url, seconds)
        answer = context.fetch(url, seconds, f"Bearer {key}")
        if answer.status != 200:
            return Measurement(False, f"status {answer.status} with the key", expected, _AGAIN)
        found = [str(model["id"]) for model in json.loads(answer.text)["data"]]
    except HttpError as error:
        return Measurement(False, str(error), expected, _LOG)
    except (ValueError, KeyError, TypeError):
        return Measurement(False, f"{url} is not answered by the gateway", expected, "Find out who has the port.")
    if stranger.status != _UNAUTHORIZED:
        return Measurement(False, f"status {stranger.status} without a key", expected, _LOG)
    missing = [name for name in wanted if name not in found]
    more = [name for name in found if name not in wanted]
    measured = ", ".join(found) or "no model"
    return Measurement(not missing and not more, measured, expected, _AGAIN if missing or more else "")


KIND = Kind("models at {url}", measure, slow=True)
