# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: writes every result that callbacks are given to the file named by DUMP_RESULTS, one JSON line each."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Dump whatever comes."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "dump_results"
    CALLBACK_NEEDS_ENABLED = True

    def _dump(self, *given: Any, **_more: Any) -> None:
        with Path(os.environ["DUMP_RESULTS"]).open("a", encoding="utf-8") as file:
            for thing in given:
                content = getattr(thing, "result", None) or {
                    name: value for name, value in getattr(thing, "__dict__", {}).items() if name in {"_args", "_vars"}
                }
                name = thing.task_name if hasattr(thing, "task_name") else type(thing).__name__
                file.write(json.dumps({"task": name, "content": content}, default=repr) + "\n")

    v2_runner_on_ok = _dump
    v2_runner_on_failed = _dump
    v2_runner_on_skipped = _dump
    v2_runner_on_unreachable = _dump
    v2_runner_item_on_ok = _dump
    v2_runner_item_on_failed = _dump
    v2_runner_item_on_skipped = _dump
    v2_runner_retry = _dump
    v2_on_file_diff = _dump
    v2_playbook_on_include = _dump
