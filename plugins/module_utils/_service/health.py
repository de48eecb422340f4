# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Health check of a service: it can answer, not only listen."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait

REQUEST_SECONDS = 5
LARGEST_ANSWER = 1024 * 1024
ARGUMENTS: dict[str, Any] = {
    "url": {"type": "str", "required": True},
    "status": {"type": "int", "default": 200},
    "contains": {"type": "str"},
    "timeout": {"type": "int", "default": 60},
}


@dataclass(frozen=True)
class Check:
    """A request and the answer it must get in time."""

    url: str
    status: int = 200
    contains: str | None = None
    timeout: int = 60


@dataclass(frozen=True)
class Answer:
    """What came back, or why nothing did."""

    status: int | None = None
    body: str = ""
    error: str = ""


def fetch(url: str) -> Answer:
    """Send one GET, past every proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=REQUEST_SECONDS) as response:
            return Answer(response.status, response.read(LARGEST_ANSWER).decode("utf-8", "replace"))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read(LARGEST_ANSWER).decode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        return Answer(error=str(getattr(error, "reason", error)))


def complaint(check: Check, answer: Answer) -> str | None:
    """Return what is wrong with an answer, or None."""
    if answer.status is None:
        return answer.error
    if answer.status != check.status:
        return f"it answered with status {answer.status} instead of {check.status}"
    if check.contains is not None and check.contains not in answer.body:
        return f"its answer does not contain {check.contains!r}"
    return None


def wait(check: Check) -> str | None:
    """Ask until the answer is right; return what was wrong with the last one when time is up."""
    problem: str | None = None

    def healthy() -> bool:
        nonlocal problem
        problem = complaint(check, fetch(check.url))
        return problem is None

    return None if _wait.wait_until(healthy, check.timeout, 1) else problem
