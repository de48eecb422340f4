# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The line of mlx_lm: what its service tells of itself, and what to do."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import mlx_lm
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import Arguments, Context

GOOD = {"status": "ok", "device": "Apple M4", "metal": True, "system": "darwin", "fallback": False, "reason": ""}
LINES = {
    "metal": (GOOD, True, "qwen is computed by Metal on Apple M4", ""),
    "linux": (
        {**GOOD, "metal": False, "system": "linux", "device": "AMD EPYC"},
        True,
        "qwen is computed by the processor, AMD EPYC",
        "",
    ),
    "a Mac without Metal": ({**GOOD, "metal": False}, False, "qwen is computed by the processor", "Restart the Mac."),
    "loading": ({**GOOD, "status": "loading"}, False, "qwen is loading", "Look at the log"),
    "resting": (
        {"status": "resting", "sentence": "qwen rests after 3 failures: reboot this Mac, 21 GB are held by nobody."},
        False,
        "reboot this Mac, 21 GB are held by nobody",
        "Look at the log",
    ),
    "fallback": (
        {**GOOD, "fallback": True, "reason": "ValueError: no weights"},
        False,
        "the revision before, because the wanted one failed: ValueError: no weights",
        "Correct its source",
    ),
}


def line(text):
    def fetch(url, timeout, *login):
        if isinstance(text, Exception):
            raise text
        return _http.Answer(200, text.encode())

    arguments = Arguments({"check": "mlx_lm", "url": "http://10.0.0.11:8090/health", "model": "qwen"})
    return mlx_lm.measure(arguments, Context(None, fetch, "Darwin"))


@pytest.mark.parametrize(("told", "ok", "measured", "advice"), LINES.values(), ids=LINES)
def test_says_what_the_service_tells(told, ok, measured, advice):
    found = line(json.dumps(told))
    assert (found.ok, measured in found.measured, advice in found.advice) == (ok, True, True), found


@pytest.mark.parametrize("text", ["", "[]", "{}", "hello"])
def test_somebody_else_at_the_port_is_no_service_of_ours(text):
    found = line(text)
    assert (found.ok, "is not answered by our service" in found.measured) == (False, True)


def test_no_answer_is_a_line_too():
    found = line(_http.HttpError("http://10.0.0.11:8090/health does not answer"))
    assert (found.ok, found.measured) == (False, "http://10.0.0.11:8090/health does not answer")
