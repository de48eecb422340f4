# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Callback: what a run changed and what it measured, at its end."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ansible import constants, context
from ansible.plugins.callback import CallbackBase

if TYPE_CHECKING:
    from ansible.executor.stats import AggregateStats
    from ansible.executor.task_result import CallbackTaskResult
    from ansible.playbook import Playbook

DOCUMENTATION = r"""
name: cluster_summary
type: aggregate
short_description: What a run changed and what it measured, at its end
version_added: 0.1.0
description:
  - Prints for every host the tasks that changed something, the lines of its node report, and the exo cluster.
  - A task whose result has C(changed_areas), as that of M(hybrid_ai.cluster.macos_headless), is shown with them.
requirements:
  - Enabled by C(callbacks_enabled) in C(ansible.cfg).
author:
  - The hybrid_ai.cluster contributors
"""


class CallbackModule(CallbackBase):
    """Collect while the run goes on, print at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "hybrid_ai.cluster.cluster_summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._changed: dict[str, list[str]] = defaultdict(list)
        self._reports: dict[str, list[dict[str, Any]]] = {}
        self._exo: dict[str, Any] = {}
        self._check = False

    def v2_playbook_on_start(self, playbook: Playbook) -> None:  # noqa: ARG002 - the signature is Ansible's
        """Note whether this is a prediction."""
        self._check = bool(context.CLIARGS.get("check"))

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        """Note a change and a measurement."""
        if result.is_changed():
            name = result.task.get_name().rpartition(" : ")[2]
            areas = ", ".join(result.result.get("changed_areas") or [])
            self._changed[result.host.get_name()].append(f"{name} ({areas})" if areas else name)
        self._note_measurement(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:  # noqa: ARG002 - as above
        """Note a report with false lines."""
        self._note_measurement(result)

    def _note_measurement(self, result: CallbackTaskResult) -> None:
        action = result.task.resolved_action or result.task.action
        if action == "hybrid_ai.cluster.node_report" and "lines" in result.result:
            self._reports[result.host.get_name()] = result.result["lines"]
        if action == "hybrid_ai.cluster.exo_cluster_info" and "members" in result.result:
            self._exo = result.result

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        """Print what was collected."""
        hosts = sorted(stats.processed)
        if not self._reports and not self._changed:
            return
        self._display.banner("WHAT WOULD CHANGE" if self._check else "WHAT WAS CHANGED")
        width = max((len(host) for host in hosts), default=0)
        for host in hosts:
            if host == "localhost" and not self._changed.get(host):
                continue
            names = self._changed.get(host, [])
            text = f"{len(names)}: {', '.join(names)}" if names else "nothing"
            self._display.display(
                f"{host:<{width}}  {text}", color=constants.COLOR_CHANGED if names else constants.COLOR_OK
            )
        if self._reports:
            self._display.banner("WHAT WAS MEASURED")
            for host in sorted(self._reports):
                self._print_report(host)
        if self._exo:
            self._print_exo()

    def _print_report(self, host: str) -> None:
        lines = self._reports[host]
        if not lines:
            self._display.display(f"{host}: nothing to measure yet")
            return
        false = [line for line in lines if not line["ok"]]
        self._display.display(
            f"{host}: {len(lines) - len(false)} of {len(lines)} lines are true",
            color=constants.COLOR_ERROR if false else constants.COLOR_OK,
        )
        for line in lines:
            mark = "  ok   " if line["ok"] else "  FALSE"
            text = f"{mark} {line['capability']}: {line['title']}: {line['measured']}"
            if not line["ok"]:
                text += f" (expected {line['expected']}). {line.get('advice') or ''}".rstrip()
            self._display.display(text, color=constants.COLOR_OK if line["ok"] else constants.COLOR_ERROR)

    def _print_exo(self) -> None:
        """Print the cluster as its members see it."""
        self._display.banner("EXO CLUSTER")
        members = self._exo["members"]
        for member in members:
            peers = sorted({edge["sink"] for edge in self._exo["edges"] if edge["source"] == member["name"]})
            self._display.display(f"{member['name']}  {member['address']}  sees {', '.join(peers) or 'nobody'}")
        models = self._exo.get("models") or []
        placed = [
            f"{instance['model']} on {', '.join(instance['nodes'])}" for instance in self._exo.get("instances", [])
        ]
        self._display.display(f"models on disk: {', '.join(models) or 'none'}; running: {'; '.join(placed) or 'none'}")
        for sentence in self._exo.get("missing", []):
            self._display.display(sentence, color=constants.COLOR_ERROR)
