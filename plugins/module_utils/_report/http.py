# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether a service can answer, which is more than listening."""

from __future__ import annotations

import time

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import HttpError, basic
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask once and compare status and content."""
    url, status = arguments.text("url"), arguments.integer("status", 200)
    content = arguments.optional_text("contains")
    user, password = arguments.optional_text("user"), arguments.optional_text("password")
    login = [basic(user or "", context.password(password))] if password else []
    expected = f"status {status}" + (f" and {content!r} in it" if content else "")
    advice = "Look at the log of the service."
    start = time.monotonic()
    try:
        answer = context.fetch(url, arguments.number("timeout") or 10.0, *login)
    except HttpError as error:
        return Measurement(False, str(error), expected, advice)
    milliseconds = (time.monotonic() - start) * 1000
    missing = content is not None and content not in answer.text
    measured = f"status {answer.status} after {milliseconds:.0f} ms" + (f", without {content!r}" if missing else "")
    return Measurement(answer.status == status and not missing, measured, expected, advice)


KIND = Kind("answer of {url}", measure, slow=True)
