# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `ansible` and `ansible-playbook` print for programs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """What one task did on one host."""

    host: str
    result: dict[str, Any]


def environment() -> dict[str, str]:
    """Return an environment in which Ansible prints one document of JSON."""
    return {
        **os.environ,
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }


def read_results(output: str) -> list[Result] | None:
    """Return the results in what was printed; None where there is no document, which warnings may stand before."""
    start = 0 if output.startswith("{") else output.find("\n{") + 1
    try:
        document, _ = json.JSONDecoder().raw_decode(output[start:])
        tasks = [task for play in document["plays"] for task in play["tasks"]]
        return [Result(host, result) for task in tasks for host, result in task["hosts"].items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
