# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Follow the program that hands models on, and show how far it is.

Documented in plugins/modules/model_transfer.py.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPLETE, FAILED = "complete", "failed"
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
SHOW_SECONDS = 10.0
"""A line for each host that often: more would hide what matters."""

now, sleep = time.monotonic, time.sleep


class ActionModule(ActionBase):
    """Ask the module how far it is until everything is complete."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if arguments.get("action", "wait") != "wait":
            return {**result, **self._execute_module(module_args=arguments, task_vars=task_vars)}
        return {**result, **self._wait({**arguments, "action": "look"}, task_vars)}

    def _wait(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        host = str((task_vars or {}).get("inventory_hostname", ""))
        patience = float(arguments.get("patience") or 300)
        pause, moved, shown = FIRST_PAUSE, now(), now()
        before = Seen(now(), {})
        while True:
            try:
                answer: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
            except AnsibleConnectionFailure:
                if now() - moved > patience:
                    raise
                Display().display(f"[{host}] is not reached; the program there goes on without us")
                sleep(LONGEST_PAUSE)
                continue
            if answer.get("failed") or is_ended(answer["folders"]):
                return ended(answer)
            if progress(answer["folders"]) != progress(before.folders):
                moved = now()
            elif now() - moved > patience:
                return {**answer, "failed": True, "msg": stuck(answer, host, patience)}
            if now() - shown >= SHOW_SECONDS:
                for line in described(answer["folders"], before):
                    Display().display(f"[{host}] {line}")
                shown, before = now(), Seen(now(), answer["folders"])
            elif not before.folders:
                before = Seen(now(), answer["folders"])
            sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)


@dataclass(frozen=True)
class Seen:
    """What was said at a moment."""

    at: float
    folders: Mapping[str, Mapping[str, Any]]


def is_ended(folders: Mapping[str, Mapping[str, Any]]) -> bool:
    """Tell whether every folder is complete or cannot be had."""
    return bool(folders) and all(folder["state"] in (COMPLETE, FAILED) for folder in folders.values())


def ended(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a job that has ended."""
    failed = [folder for folder in answer.get("folders", {}).values() if folder["state"] == FAILED]
    if not failed:
        return answer
    return {**answer, "failed": True, "msg": " ".join(sentence for one in failed for sentence in one["sentences"])}


def progress(folders: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return what is another one whenever something has moved on."""
    return {name: (one["state"], one["have"], one["fetched"], one["source"]) for name, one in folders.items()}


def stuck(answer: Mapping[str, Any], host: str, patience: float) -> str:
    """Return the sentence about a job that does not move on."""
    if not answer["folders"]:
        if answer["filler"]:
            return (
                f"The models of {host} are being filled by {answer['filler']}: wait until that has ended, or end it; "
                "then repeat the run."
            )
        return f"The service model-files on {host} says nothing: read its log, and repeat the run."
    parts = [
        f"{name} is {one['state']}{' from ' + one['source'] if one['source'] else ''} with {text.size(one['have'])} of "
        f"{text.size(one['size'])}"
        for name, one in answer["folders"].items()
        if one["state"] != COMPLETE
    ]
    said = " ".join(answer["sentences"])
    return (
        f"Nothing has moved on {host} for {patience:.0f} seconds: {', '.join(parts)}. Look at the host it comes from, "
        f"and repeat the run, which goes on from there. {said}"
    ).rstrip()


def described(folders: Mapping[str, Mapping[str, Any]], before: Seen) -> list[str]:
    """Return how far each folder is, and how fast it came since a moment."""
    lines = []
    for name, one in folders.items():
        if one["state"] in (COMPLETE, FAILED):
            continue
        size = max(1, one["size"])
        source = f" from {one['source']}" if one["source"] else ""
        line = f"{name}: {one['state']}{source}, {text.size(one['have'])} of {text.size(size)}"
        line += f" ({100 * one['have'] // size} %)"
        seconds, earlier = now() - before.at, before.folders.get(name, {})
        rate = (one["fetched"] - earlier.get("fetched", 0)) / seconds if seconds >= 1 else 0
        lines.append(f"{line}, {text.size(int(rate))}/s" if rate > 0 else line)
    return lines
