# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Action: check the run's tags and the whole inventory on the controller."""

from __future__ import annotations

from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._inventory_rules import check
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import read_inventory
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import unknown_tags


class ActionModule(ActionBase):
    """Fails with one sentence for each mistake."""

    # The inventory is one: a play over many hosts checks it once.
    BYPASS_HOST_LOOP = True
    _requires_connection = False
    _VALID_ARGS: frozenset[str] = frozenset()

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Check the tags, then the inventory of all hosts, also under a limit."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        result["changed"] = False
        given = [*variables.get("ansible_run_tags", ()), *variables.get("ansible_skip_tags", ())]
        tags = unknown_tags(given, context.CLIARGS.get("args") or ())
        if tags:
            return _refuse(result, "command line has", tags)
        sentences = check(read_inventory(variables["hostvars"], variables["groups"], self._loader))
        return _refuse(result, "inventory has", sentences) if sentences else result


def _refuse(result: dict[str, Any], whose: str, sentences: list[str]) -> dict[str, Any]:
    """Fail with the sentences."""
    count = f"{len(sentences)} mistakes" if len(sentences) > 1 else "a mistake"
    result["failed"] = True
    result["msg"] = f"The {whose} {count}; no host was touched."
    # Ansible prints the message twice, so they stand beside it; the last line break keeps them unfolded.
    result["mistakes"] = "\n".join([*sentences, ""])
    return result
