# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A change that a host takes back by itself, kept in the same task by a connection that is new.

Change and confirmation are one task, because a task is where Ansible lets every host wait for the slowest one: a host
that dies must not hold the others' confirmations up until their changes are taken back.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase

if TYPE_CHECKING:
    from collections.abc import Iterator

# A connection that is open may go on where a new one is refused. For ssh the first value of an option counts, on its
# command line before its files, so this also passes by a master connection that a person's ~/.ssh/config keeps.
OWN_CONNECTION = "-o ControlMaster=no -o ControlPath=none"

ATTEMPTS = 4
PAUSE_SECONDS = 1.0


class KeptChange(ActionBase):
    """Run the module; where its change waits for a confirmation, prove the host over a new connection, and confirm."""

    SUBJECT: ClassVar[str]
    """What takes itself back, in the plural."""

    def confirmation(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the options of the call that confirms."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action; see the module's documentation for arguments and results."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._variables = task_vars or {}
        arguments = dict(self._task.args)
        proofs = arguments.pop("prove", None) or []
        given = str(arguments.get("undo_after"))
        seconds = int(given) if given.isdigit() else 0  # anything else the module itself refuses
        try:
            result.update(self._execute_module(module_args=arguments, task_vars=self._variables))
        except AnsibleConnectionFailure as error:
            if self._task.check_mode or not seconds:
                raise
            happened = f"The connection to {self._host} broke during the change. If it was made"
            raise AnsibleConnectionFailure(f"{happened}, {self._promise(seconds)}: {error}") from None
        if result.get("failed") or not result.get("undo_pending"):
            return result
        end = time.monotonic() + seconds
        try:
            with self._new_connection():
                problem = self._disproof(proofs)
                answer = (
                    {}
                    if problem
                    else self._execute_module(module_args=self.confirmation(arguments), task_vars=self._variables)
                )
        except AnsibleConnectionFailure as error:
            happened = f"{self._host} let no new connection in after the change"
            raise AnsibleConnectionFailure(f"{happened}; {self._promise(end - time.monotonic())}: {error}") from None
        if problem:
            message = f"{self._host}: {problem}; {self._promise(end - time.monotonic())}."
            return {**result, "failed": True, "msg": message}
        if not answer.get("confirmed"):
            late = f"{self._host}: there was no change left to confirm; repeat the run."
            return {**result, "failed": True, "msg": str(answer.get("msg") or late)}
        told = [warning for warning in result.get("warnings", []) if "unless a call with confirm" not in str(warning)]
        return {**result, "undo_pending": False, "confirmed": True, "warnings": told}

    @property
    def _host(self) -> str:
        return str(self._task.delegate_to or self._variables.get("inventory_hostname", "the host"))

    def _promise(self, seconds: float) -> str:
        if seconds <= 0:
            return f"its {self.SUBJECT} have taken themselves back"
        return f"its {self.SUBJECT} take themselves back in {round(seconds)} s"

    @contextmanager
    def _new_connection(self) -> Iterator[None]:
        """Have everything that runs meanwhile come over a connection that did not exist before."""
        connection = self._connection
        if connection.has_option("ssh_args"):
            before = connection.get_option("ssh_args")
            connection.set_option("ssh_args", f"{OWN_CONNECTION} {before or ''}".strip())
            try:
                yield
            finally:
                connection.set_option("ssh_args", before)
            return
        # What runs on this machine or in a container of it comes over no network.
        if type(connection).reset is not ConnectionBase.reset:
            connection.reset()
        yield

    def _disproof(self, proofs: list[list[str]]) -> str:
        """Run commands that must have something to say; return what is wrong."""
        for proof in proofs:
            for attempt in range(ATTEMPTS):
                if attempt:
                    time.sleep(PAUSE_SECONDS)
                answer = self._execute_module(
                    module_name="ansible.builtin.command", module_args={"argv": proof}, task_vars=self._variables
                )
                if not answer.get("failed") and str(answer.get("stdout", "")).strip():
                    break
            else:
                return f"`{' '.join(map(str, proof))}` has no answer any more"
        return ""
