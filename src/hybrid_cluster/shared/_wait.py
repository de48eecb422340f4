# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_wait.py by `make generate`; change it there.
"""Waiting for something to become true, with a deadline; unit tests replace the clock."""

from __future__ import annotations

import time
from typing import Callable

now = time.monotonic
sleep = time.sleep


def wait_until(question: Callable[[], bool], seconds: float, interval: float = 0.5) -> bool:
    """Ask at once and then every `interval` seconds until the answer is yes or `seconds` have passed."""
    deadline = now() + seconds
    while not question():
        if now() >= deadline:
            return False
        sleep(interval)
    return True
