# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""launchd system daemons: reading their state, and the commands that change it.

`launchctl`'s exit statuses are not to be trusted: 5 comes for a job that is loaded all the same, 36 and 37 while an
older copy is still being torn down. What counts is what `launchctl print` says afterwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import DEFAULT_TIMEOUT, ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands, Result

LAUNCHCTL = "/bin/launchctl"
NOT_LOADED = 113
PROTECTED = 150
STOP_SECONDS = 40
START_SECONDS = 15
BOOTSTRAP_ATTEMPTS = 5


class LaunchdError(ClusterError):
    """launchd did not do what it was asked."""


@dataclass(frozen=True)
class Job:
    """What `launchctl print` says about one job."""

    loaded: bool = False
    running: bool = False
    pid: int | None = None
    last_exit: str | None = None
    path: str | None = None


def parse_print(text: str) -> Job:
    """Read the few lines of `launchctl print` that are stable across releases; the rest of it is not an interface."""
    values = dict(re.findall(r"^\t(state|pid|last exit code|path) = (.*)$", text, re.MULTILINE))
    pid = values.get("pid", "")
    return Job(
        loaded=True,
        running=values.get("state") == "running",
        pid=int(pid) if pid.isdigit() else None,
        last_exit=values.get("last exit code"),
        path=values.get("path"),
    )


def parse_disabled(text: str, label: str) -> bool:
    """Tell whether a label is overridden to disabled, in the wording of macOS 13 and later or the older one."""
    found = re.search(rf'"{re.escape(label)}" => (\w+)', text)
    return found is not None and found.group(1) in {"disabled", "true"}


def stays_running(plist: dict[str, Any]) -> bool:
    """Tell whether launchd keeps a process of this job alive, so that one must be there after loading it."""
    keep_alive = plist.get("KeepAlive", False)
    if isinstance(keep_alive, dict):
        return not set(keep_alive) - {"SuccessfulExit", "Crashed"} and bool(keep_alive)
    return bool(keep_alive)


class Launchd:
    """Jobs of the system domain."""

    def __init__(self, commands: Commands, stop_seconds: int = STOP_SECONDS) -> None:
        self._commands, self._stop_seconds = commands, stop_seconds

    def job(self, label: str) -> Job:
        """Read the state of a job."""
        result = self._commands.run([LAUNCHCTL, "print", f"system/{label}"])
        if result.rc == 0:
            return parse_print(result.out)
        if result.rc == NOT_LOADED:
            return Job()
        raise LaunchdError(f"launchctl could not say whether {label} is loaded (status {result.rc}): {result.text}")

    def disabled(self, label: str) -> bool:
        """Read whether a job is kept from loading."""
        return parse_disabled(self._commands.check_output([LAUNCHCTL, "print-disabled", "system"]), label)

    def set_disabled(self, label: str, disabled: bool) -> None:
        """Allow a job to load, now and at boot, or keep it from loading."""
        verb = "disable" if disabled else "enable"
        result = self._commands.run([LAUNCHCTL, verb, f"system/{label}"])
        self._refuse_protected(label, result)
        if self.disabled(label) != disabled:
            raise LaunchdError(f"`launchctl {verb} system/{label}` had no effect: {result.text or 'no message'}")

    def unload(self, label: str) -> None:
        """Stop and unload a job, and wait until it is gone: launchd does it in the background."""
        seconds = self._stop_seconds
        result = self._commands.run([LAUNCHCTL, "bootout", f"system/{label}"], timeout=max(DEFAULT_TIMEOUT, seconds))
        self._refuse_protected(label, result)
        if not _wait.wait_until(lambda: not self.job(label).loaded, seconds):
            raise LaunchdError(
                f"{label} is still loaded {seconds} seconds after launchctl bootout: {result.text or 'no message'}"
            )

    def load(self, label: str, path: str) -> Job:
        """Load a job; an older copy that is still being torn down is waited for."""
        result: Result | None = None
        for attempt in range(BOOTSTRAP_ATTEMPTS):
            if attempt:
                _wait.sleep(1)
            result = self._commands.run([LAUNCHCTL, "bootstrap", "system", path])
            job = self.job(label)
            if job.loaded:
                return job
        raise LaunchdError(
            f"launchd refused {path}: {result.text if result else ''} - check that its program exists and that the file"
            " is valid with `plutil -lint`."
        )

    def restart(self, label: str) -> None:
        """End the process of a loaded job and start a new one; a job without a process is just started."""
        result = self._commands.run([LAUNCHCTL, "kickstart", "-k", f"system/{label}"])
        self._refuse_protected(label, result)
        if result.rc != 0:
            raise LaunchdError(f"{label} could not be restarted (status {result.rc}): {result.text}")

    def send_signal(self, label: str, name: str) -> None:
        """Send a signal to the process of a loaded job."""
        result = self._commands.run([LAUNCHCTL, "kill", f"SIG{name}", f"system/{label}"])
        self._refuse_protected(label, result)
        if result.rc != 0:
            raise LaunchdError(f"SIG{name} could not be sent to {label} (status {result.rc}): {result.text}")

    def wait_until_stable(
        self, label: str, seconds: float, log: str | None = None, last_words: Callable[[], list[str]] | None = None
    ) -> Job:
        """Wait for a process that stays; one that keeps ending is a failure with what it left in its log."""
        job = Job()

        def running() -> bool:
            nonlocal job
            job = self.job(label)
            return job.running and job.pid is not None

        if _wait.wait_until(running, START_SECONDS):
            first = job.pid
            _wait.sleep(seconds)
            if running() and job.pid == first:
                return job
        lines = last_words() if last_words else _files.tail(log) if log else []
        raise LaunchdError(_ends_at_once(label, job, log, lines))

    def _refuse_protected(self, label: str, result: Result) -> None:
        """Explain the refusal that no retry can overcome."""
        if result.rc == PROTECTED:
            raise LaunchdError(f"{label} belongs to macOS and System Integrity Protection keeps it from being changed.")


def _ends_at_once(label: str, job: Job, log: str | None, lines: list[str]) -> str:
    """Put into words that a job does not stay running."""
    sentence = f"{label} is loaded but does not stay running (last exit code: {job.last_exit or 'unknown'})"
    return f"{sentence}; the end of {log}: {' | '.join(lines)}" if lines else f"{sentence}."
