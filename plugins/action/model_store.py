# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Follow the program that fetches models, and show how far it is; everything else is the module's alone.

Documented in plugins/modules/model_store.py.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import job, text

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
START_SECONDS = 60.0
"""How long the program may take to say that it has begun."""
DEAD_SECONDS = 10.0
"""How long one that has begun may be gone without having said that it has ended: the supervisor may start it again."""
LOST_SECONDS = 300.0
"""How long the host may be away: it restarts, and the program goes on."""

now, sleep = time.monotonic, time.sleep


class ActionModule(ActionBase):
    """Ask the module how far it is until it has ended."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if arguments.get("action") != "wait":
            return {**result, **self._execute_module(module_args=arguments, task_vars=task_vars)}
        return {**result, **self._wait({**arguments, "action": "state"}, task_vars)}

    def _wait(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        host = str((task_vars or {}).get("inventory_hostname", ""))
        pause, shown, before = FIRST_PAUSE, "", (now(), 0)
        silent = lost = now()
        while True:
            try:
                answer: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
            except AnsibleConnectionFailure:
                if now() - lost > LOST_SECONDS:
                    raise
                self._show(host, "is not reached; the program there goes on without us")
                sleep(LONGEST_PAUSE)
                continue
            lost = now()
            if answer.get("failed") or not answer["job"]:
                return answer
            progress = answer["progress"]
            if is_ended(answer):
                return ended(answer)
            if answer["holder"] and progress["job"] == answer["job"]:
                silent = now()
            elif now() - silent > (DEAD_SECONDS if progress["job"] == answer["job"] else START_SECONDS):
                return {**answer, "failed": True, "msg": stuck(answer)}
            line = described(progress, before)
            if line != shown and progress["job"] == answer["job"]:
                self._show(host, line)
                shown, before = line, (now(), progress["received"])
            sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    @staticmethod
    def _show(host: str, line: str) -> None:
        Display().display(f"[{host}] {line}")


def is_ended(answer: Mapping[str, Any]) -> bool:
    """Tell whether the program has ended the work that was ordered last."""
    progress = answer["progress"]
    return progress["job"] == answer["job"] and progress["state"] in (job.DONE, job.FAILED)


def ended(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a program that has ended."""
    sentences = answer["progress"]["sentences"]
    return {**answer, "failed": True, "msg": " ".join(sentences)} if sentences else answer


def stuck(answer: Mapping[str, Any]) -> str:
    """Return the sentence about a program that does nothing."""
    if answer["holder"]:
        return (
            f"The directory of models is being filled by {answer['holder']}: wait until that has ended, or end it; then"
            " repeat the run."
        )
    return (
        "The service model-store does not run and has not ended its work: read its log, and repeat the run, which goes"
        " on where it was."
    )


def described(progress: Mapping[str, Any], before: tuple[float, int]) -> str:
    """Return how far the program is, and how fast it was since a moment and a number of bytes."""
    total, done, folder = progress["total"], progress["done"], progress["folder"]
    if progress["note"]:
        return str(progress["note"])
    if not total:
        return f"{folder}: looking" if folder else "looking"
    line = f"{folder}: {text.size(done)} of {text.size(total)} ({100 * done // total} %)"
    seconds, count = now() - before[0], progress["received"] - before[1]
    if seconds < 1 or count <= 0:
        return line
    rate = count / seconds
    return f"{line}, {text.size(int(rate))}/s, {_duration((total - done) / rate)} left"


def _duration(seconds: float) -> str:
    minutes = int(seconds / 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
