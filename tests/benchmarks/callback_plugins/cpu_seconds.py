# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: writes the CPU seconds of this process and of its workers, and how many results there were."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Count results, and ask the kernel at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "cpu_seconds"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._results = 0

    def _count(self, *_given: Any, **_more: Any) -> None:
        self._results += 1

    v2_runner_on_ok = _count
    v2_runner_on_failed = _count
    v2_runner_on_skipped = _count
    v2_runner_on_unreachable = _count

    def v2_playbook_on_stats(self, stats: Any) -> None:
        used = os.times()
        report = {
            "main": used.user + used.system,
            "workers": used.children_user + used.children_system,
            "results": self._results,
        }
        Path(os.environ["CPU_SECONDS_REPORT"]).write_text(json.dumps(report), encoding="utf-8")
