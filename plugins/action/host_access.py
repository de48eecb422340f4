# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Look whether a host can be reached and changed, before any host is.

Documented in plugins/modules/host_access.py. It runs by the connection's own commands: a bare host may have no Python.
"""

from __future__ import annotations

import shlex
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._first_contact import (
    AS_ROOT,
    LIST_RIGHTS,
    LOOK,
    Refusal,
    Seen,
    Target,
    obstacles,
    unreachable,
    wrong_machine,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import is_applied


class ActionModule(ActionBase):
    """Ends with one sentence for each obstacle, or says that the host is unreachable, and why."""

    _VALID_ARGS = frozenset({"bootstrapping", "homebrew_roles"})

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        result["changed"] = False
        target = self._target(variables)
        try:
            seen = Seen.parse(self._execute(LOOK, as_root=False)["stdout"])
            root = None if seen.is_root else self._refusal_of_root()
        except AnsibleError as error:
            return {**result, "unreachable": True, "msg": unreachable(str(error), target)}
        found = list(obstacles(seen, target, root, self._homebrew_programs(variables)))
        found += wrong_machine(seen, self._backends(variables))
        if found:
            # An open connection keeps the groups that the user had when it began: the next run needs another one.
            self._connection.reset()
            # Ansible prints the message twice, so they stand beside it; the last line break keeps them unfolded.
            message = f"{variables['inventory_hostname']} has to be prepared by a person; no host was changed."
            result.update(failed=True, msg=message, obstacles="\n".join([*found, ""]))
        return result

    def _target(self, variables: dict[str, Any]) -> Target:
        connection = self._connection
        options = {
            name: connection.get_option(name) if connection.has_option(name) else None
            for name in ("host", "remote_user", "password")
        }
        return Target(
            address=str(options["host"] or variables.get("ansible_host") or variables["inventory_hostname"]),
            user=str(options["remote_user"] or ""),
            is_mac="macos" in variables["group_names"],
            bootstrapping=bool(self._task.args.get("bootstrapping")),
            has_password=bool(options["password"] or self._play_context.password),
        )

    def _backends(self, variables: dict[str, Any]) -> list[str]:
        """Return the backends that this run would bring to the host."""
        run, skipped = variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ())
        return [name for name in BACKENDS if name in variables["group_names"] and is_applied(name, run, skipped)]

    def _homebrew_programs(self, variables: dict[str, Any]) -> list[str]:
        """Return what this run would install from Homebrew."""
        run, skipped = variables.get("ansible_run_tags", ()), variables.get("ansible_skip_tags", ())
        roles: dict[str, str] = self._task.args.get("homebrew_roles") or {}
        # Two roles may run one program.
        return list(dict.fromkeys(program for role, program in roles.items() if is_applied(role, run, skipped)))

    def _refusal_of_root(self) -> Refusal | None:
        """Return how the host refused the rights of root, if it did."""
        said = self._ask_for_root()
        if said is None:
            return None
        refusal = Refusal(said)
        # Whoever was given the password has been told already.
        return Refusal(said, self._execute(LIST_RIGHTS, as_root=False)["stdout"]) if refusal.asks else refusal

    def _ask_for_root(self) -> str | None:
        """Return what the host said where it gave no rights of root."""
        try:
            answer = self._execute(AS_ROOT, as_root=True)
        except AnsibleConnectionFailure as error:
            if "privilege escalation" not in str(error):
                raise
            return str(error)
        except AnsibleError as error:
            return str(error)
        # With a terminal, which sudo gets, what the host says comes as output, and ssh's own words as errors.
        return f"{answer['stdout']}\n{answer['stderr']}" if answer["rc"] else None

    def _execute(self, script: str, *, as_root: bool) -> dict[str, Any]:
        command = f"/bin/sh -c {shlex.quote(script)}"
        answer: dict[str, Any] = self._low_level_execute_command(command, sudoable=as_root)
        return answer
