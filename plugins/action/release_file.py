# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Send a pinned file from the controller to hosts that lack it; what comes from an address is the module's alone.

Documented in plugins/modules/release_file.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Ask the host whether it has the file, send it where it has not, and have it verified there."""

    TRANSFERS_FILES = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if not arguments.get("source"):
            return {**result, **self._execute_module(module_args=arguments, task_vars=task_vars)}
        predicted = self._predict(arguments, task_vars)
        if predicted.get("failed") or not predicted["changed"] or self._task.check_mode:
            return {**result, **predicted}
        source = Path(str(arguments.pop("source"))).expanduser()
        if not source.is_file():
            message = f"{source} is not there, on the machine that runs Ansible; fetch it first."
            return {**result, "failed": True, "msg": message}
        folder = self._connection._shell.tmpdir or self._make_tmp_path()
        try:
            sent = self._connection._shell.join_path(folder, "source")
            self._transfer_file(str(source), sent)
            self._fixup_perms2((folder, sent))
            arguments["url"] = f"file://{sent}"
            return {**result, **self._execute_module(module_args=arguments, task_vars=task_vars)}
        finally:
            self._remove_tmp_path(folder)

    def _predict(self, arguments: dict[str, Any], task_vars: dict[str, Any] | None) -> dict[str, Any]:
        """Run the module in check mode, whichever mode this is."""
        asked = self._task.check_mode
        self._task.check_mode = True
        try:
            answer: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
        finally:
            self._task.check_mode = asked
        return answer
