# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# Generated from plugins/module_utils/_command.py by `make generate`; change it there.
"""The one narrow port through which modules run programs, and the errors they report."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

DEFAULT_TIMEOUT = 60
SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"


class ClusterError(Exception):
    """Base of the error classes, one per area: one sentence that says what, where and what to do next."""


class CommandError(ClusterError):
    """A program is missing, did not finish in time, or reported a failure."""


@dataclass(frozen=True)
class Result:
    """What one program run left behind."""

    rc: int
    out: str = ""
    err: str = ""

    @property
    def text(self) -> str:
        """What the program said, on one line: many macOS tools print their errors on standard output."""
        return " ".join(f"{self.out}\n{self.err}".split())


class Commands:
    """Runs programs; unit tests replace `run`."""

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = DEFAULT_TIMEOUT) -> Result:
        """Run one program with untranslated messages, a time limit, and standard input closed unless given.

        A program that wants to ask a person something must fail instead of waiting. On a time-out the whole
        process group ends, because some tools leave helpers behind that keep the pipes open.
        """
        environment = {**os.environ, "LC_ALL": "C", "LANG": "C"}
        environment["PATH"] = f"{environment['PATH']}:{SYSTEM_PATH}" if environment.get("PATH") else SYSTEM_PATH
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=environment,
                cwd="/",
                start_new_session=True,
                encoding="utf-8",
                errors="replace",
            )
        except FileNotFoundError:
            raise CommandError(f"{argv[0]} is not installed on this host.") from None
        except OSError as error:
            raise CommandError(f"{argv[0]} could not be started: {error.strerror}.") from None
        try:
            out, err = process.communicate(stdin, timeout)
        except subprocess.TimeoutExpired:
            _end_group(process)
            raise CommandError(f"`{' '.join(argv)}` did not finish within {timeout} seconds and was ended.") from None
        return Result(process.returncode, out, err)

    def check_output(self, argv: list[str], stdin: str | None = None, timeout: int = DEFAULT_TIMEOUT) -> str:
        """Run one program that has to exit with 0 and return its standard output."""
        result = self.run(argv, stdin, timeout)
        if result.rc != 0:
            said = result.text or "it printed nothing"
            raise CommandError(f"`{' '.join(argv)}` failed with status {result.rc}: {said}")
        return result.out


def _end_group(process: subprocess.Popen[str]) -> None:
    """End a program and everything it started that is still in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter is how macOS says "only a zombie left"
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=5)


def module_commands(module: AnsibleModule) -> Commands:  # noqa: ARG001 - the seam where a module gets its port
    """Return the port a module runs its programs through."""
    return Commands()


def require_root(what: str) -> None:
    """Fail unless this process is root: several macOS tools answer anybody else with an error and exit status 0."""
    if os.geteuid() != 0:
        raise ClusterError(f"{what} needs root: set become to true for this task.")
