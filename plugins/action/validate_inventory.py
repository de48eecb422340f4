# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Action: check the run's tags and the whole inventory on the controller, and keep secrets out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible import constants, context
from ansible.plugins.action import ActionBase
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
    load_defaults,
    load_specs,
    missing_inventories,
    read_inventory,
    secret_variables,
    written_variables,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules import check
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_folders import Outcome, Secrets, check_folders
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import unknown_tags
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._written_files import (
    stray_files,
    written_faults,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ansible.vars.hostvars import HostVars


_KEY_VARIABLES = frozenset(
    {
        "ansible_ssh_private_key_file",
        "bootstrap_private_key_file",
        "bootstrap_ssh_directory",
        "cluster_secrets_directory",
    }
)
"""Variables that say where secrets lie."""


CONFIGURATION = Path(__file__).resolve().parents[2] / "ansible.cfg"
"""What a checkout has and an installed collection has not."""


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
        named = [str(source) for source in context.CLIARGS.get("inventory") or ()]
        mistakes = [*missing_inventories(named), *unknown_tags(given, context.CLIARGS.get("args") or ())]
        if mistakes:
            return _refuse(result, "command line has", mistakes)
        if CONFIGURATION.exists() and not _is_configured():
            self._display.warning(
                f"{CONFIGURATION} is not read, because Ansible looks for ansible.cfg where it is started: run this in "
                f"{CONFIGURATION.parent}, or set ANSIBLE_CONFIG={CONFIGURATION}."
            )
        hostvars, groups = variables["hostvars"], variables["groups"]
        sources = [Path(source) for source in named if "," not in source]
        if unread := written_faults(sources, self._loader):
            return _refuse(result, "inventory has", unread)
        # Before a value is worked out: that could make a new secret where an old one was moved away.
        folders = _check_folders(hostvars, groups.get("all", ()), check_mode=self._task.check_mode)
        result["changed"] = folders.changed
        for note in folders.notes:
            self._display.display(note, color=constants.COLOR_CHANGED)
        sentences = folders.sentences or [
            *stray_files(sources, groups, groups.get("all", ())),
            *check(read_inventory(hostvars, groups, self._loader)),
        ]
        return _refuse(result, "inventory has", sentences) if sentences else result


def _is_configured() -> bool:
    """Tell whether Ansible has read the configuration of this checkout, or one that somebody has chosen."""
    read = constants.CONFIG_FILE
    return "ANSIBLE_CONFIG" in os.environ or (bool(read) and Path(read).resolve() == CONFIGURATION)


def _check_folders(hostvars: HostVars, hosts: Iterable[str], *, check_mode: bool) -> Outcome:
    specs = load_specs()
    kept = (name for name, value in load_defaults().items() if "hybrid_ai.cluster.secret'" in str(value))
    secrets = Secrets(secret_variables(specs) | _KEY_VARIABLES, frozenset(kept))
    roots = [Path(source) for source in context.CLIARGS.get("inventory") or () if Path(source).is_dir()]
    return check_folders(
        {host: written_variables(hostvars, host) for host in hosts}, roots, secrets, check_mode=check_mode
    )


def _refuse(result: dict[str, Any], whose: str, sentences: list[str]) -> dict[str, Any]:
    """Fail with the sentences."""
    count = f"{len(sentences)} mistakes" if len(sentences) > 1 else "a mistake"
    result["failed"] = True
    result["msg"] = f"The {whose} {count}; no host was touched."
    # Ansible prints the message twice, so they stand beside it; the last line break keeps them unfolded.
    result["mistakes"] = "\n".join([*sentences, ""])
    return result
