# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What backends say that they run, whoever asked them: requests that went past the gateway keep a host awake."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.kinds import Backend

if TYPE_CHECKING:
    from hybrid_cluster.gateway.backends import Backends
    from hybrid_cluster.gateway.routes import Member

_SECONDS = 5.0
# Neither wakes a llama-server that sleeps by itself, as its list of slots would.
_FIGURES = {
    Backend.LLAMA_CPP: ("llamacpp:requests_processing", "llamacpp:requests_deferred"),
    Backend.VLLM: ("vllm:num_requests_running", "vllm:num_requests_waiting"),
}
_RUNNING = {"Pending", "Running"}


async def running(backends: Backends, member: Member) -> int | None:
    """Return how many requests a backend runs; None where it does not say, or does not answer.

    One that does not answer runs nothing, and of the others the host itself sees whether they use it.
    """
    try:
        if member.backend in _FIGURES:
            # A router of llama.cpp's has figures for each model, and is not to load one for this question.
            path = f"/metrics?model={quote(member.model, safe='')}&autoload=false"
            text = (await backends.probe(member, path, None, _SECONDS)).decode("utf-8", "replace")
            return sum_of(text, _FIGURES[member.backend])
        if member.backend is Backend.EXO:
            return tasks(await backends.probe(member, "/state/tasks", None, _SECONDS))
    except Failure:
        return None
    return None


def sum_of(text: str, names: tuple[str, ...]) -> int | None:
    """Return the sum of figures of Prometheus's text format; None where there is none of them."""
    found = [
        float(value)
        for name in names
        for value in re.findall(rf"^{re.escape(name)}(?:\{{[^}}]*\}})? ([0-9.e+]+)$", text, re.MULTILINE)
    ]
    return int(sum(found)) if found else None


def tasks(raw: bytes) -> int | None:
    """Return how many of exo's tasks are not done."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    each = [task for tagged in value.values() if isinstance(tagged, dict) for task in tagged.values()]
    return sum(isinstance(task, dict) and task.get("taskStatus") in _RUNNING for task in each)
