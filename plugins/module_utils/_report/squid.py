# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether the cache answers, how often it spares a download, and how full it is."""

from __future__ import annotations

import re

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import HttpError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import _log
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

PAGE = "/squid-internal-mgr/info"
_HITS = re.compile(r"Hits as % of bytes sent:\s+5min: (-?[\d.]+)%, 60min: (-?[\d.]+)%")
_SIZE = re.compile(r"Storage Swap size:\s+(\d+) KB")


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Ask Squid for its own numbers; that it answers is what counts."""
    url, gigabytes = arguments.text("url"), arguments.integer("gigabytes", 0)
    expected, advice = "an answer", _log.where("squid", is_macos=context.is_macos)
    try:
        answer = context.fetch(url + PAGE, 10.0)
    except HttpError as error:
        return Measurement(False, str(error), expected, advice)
    hits, size = _HITS.search(answer.text), _SIZE.search(answer.text)
    if answer.status != 200 or not hits or not size:
        return Measurement(False, f"status {answer.status} without Squid's numbers", expected, advice)
    percent = max(0.0, float(hits.group(2)))
    used = int(size.group(1)) / (1 << 20)
    return Measurement(
        ok=True,
        measured=f"answers, {percent:.0f} % of the last hour's bytes from the cache, {used:.1f} of {gigabytes} GB used",
        expected=expected,
    )


KIND = Kind("cache of downloads", measure, slow=True)
