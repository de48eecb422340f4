# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service on macOS: a system daemon of launchd, which never depends on somebody being logged in."""

from __future__ import annotations

import grp
import inspect
import pwd
import sys
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import job
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import reloading
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import runner as runners
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import (
    STABLE_SECONDS,
    Description,
    ServiceError,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.environment import EnvironmentFile, json_format

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

RUNNER_MODE = 0o755
LOG_MODE = 0o755
LAUNCHD_LOG_MODE = 0o644
# What launchd may take beyond the time that the service has to end.
MARGIN_SECONDS = 10
KEEP_ALIVE: dict[str, bool | dict[str, bool]] = {
    "always": True,
    "on_failure": {"SuccessfulExit": False},
    "never": False,
}


def runner_source() -> bytes:
    """Return the program that runs a service; this module may itself be running from inside an archive."""
    return inspect.getsource(runners).encode()


def user_ids(description: Description) -> tuple[int, int] | None:
    """Return the numbers of the service's user and group, or None where they do not exist yet."""
    try:
        user = pwd.getpwnam(description.user)
        return user.pw_uid, grp.getgrnam(description.group).gr_gid if description.group else user.pw_gid
    except KeyError:
        return None


class LaunchdService:
    """One service under launchd."""

    def __init__(self, commands: Commands, description: Description) -> None:
        self._launchd = Launchd(commands, description.stop_seconds + MARGIN_SECONDS)
        self._description = description
        self._label = _names.launchd_label(description.name)
        self._directory = f"{_names.SERVICE_DIRECTORY}/{description.name}"
        self._runner = f"{self._directory}/run"
        self._logs = _names.log_directory(description.name)
        self._plist = make_plist(description, self._label, self._runner)
        self._source = runner_source()
        self._launchd_log = _names.launchd_log(description.name)
        secrets = description.secret_environment
        self._secrets = EnvironmentFile(description.name, json_format(secrets) if secrets else None)
        self.log = _names.service_log(description.name)

    def read(self) -> None:
        """Read what is there."""
        self._current = job.read(self._launchd, self._label)
        self._ids = user_ids(self._description)
        self._secrets.read(self._ids)
        self._served: bool | None = None

    def plan(self, state: str) -> list[str]:
        """Return the steps to a state; files come first, so that whatever is loaded finds them."""
        wanted = None if state == "absent" else self._plist
        steps = job.plan(self._label, self._current, state, wanted, self._secrets.differs)
        if state == "absent":
            left = [path for path in (self._directory, self._logs, self._launchd_log) if _files.exists(path)]
            return [*steps, *(["remove_files"] if left else [])]
        sound = _files.read(self._runner) == self._source and _files.mode_and_owner(self._runner) == (RUNNER_MODE, 0, 0)
        owned = (
            self._ids is not None
            and _files.mode_and_owner(self._logs) == (LOG_MODE, *self._ids)
            and _files.mode_and_owner(self._launchd_log) == (LAUNCHD_LOG_MODE, *self._ids)
        )
        # After the job was unloaded: what runs never differs from its file.
        place = steps.index("unload") + 1 if "unload" in steps else 0
        steps[place:place] = self._secrets.steps
        if state == "started" and not {"load", "restart"} & set(steps):
            steps += self._plan_configuration()
        return [*([] if sound else ["install_runner"]), *([] if owned else ["make_log_directory"]), *steps]

    def _plan_configuration(self) -> list[str]:
        """Return the step to the wanted configuration of a program that is described as wanted and runs."""
        if self._description.reload is None:
            return []
        self._served = self._description.reload.served()
        return [] if self._served else [reloading.STEP]

    def apply(self, steps: list[str]) -> None:
        """Run the steps."""
        for step in steps:
            if step == "install_runner":
                _files.make_directory(self._directory)
                _files.write(self._runner, self._source, RUNNER_MODE)
            elif step == "make_log_directory":
                self._make_log_directory()
            elif step in {"write_environment", "remove_environment"}:
                self._secrets.apply(step)
            elif step == reloading.STEP and self._description.reload:
                self._launchd.send_signal(self._label, self._description.reload.signal)
            elif step == "remove_files":
                _files.remove(self._directory)
                _files.remove(self._logs)
                _files.remove(self._launchd_log)
                _files.remove_if_empty(_names.SERVICE_DIRECTORY)
                _files.remove_if_empty(_names.LOG_DIRECTORY)
            else:
                job.apply(self._launchd, self._label, [step], self._plist)

    def wait_until_stable(self) -> int | None:
        """Wait for a process that stays; a service that is never restarted may have done its work already."""
        if self._description.restart == "never":
            return self._launchd.job(self._label).pid
        return self._launchd.wait_until_stable(self._label, STABLE_SECONDS, self.log, self.last_words).pid

    def kept_process(self) -> bool:
        """Tell whether the program that was there at the beginning still runs: what keeps its log ends with it."""
        return self._launchd.job(self._label).pid == self._current.job.pid

    def last_words(self) -> list[str]:
        """Return the end of the log."""
        return self._description.without_secrets(_files.tail(self.log))

    def differences(self, steps: list[str]) -> dict[str, Any]:
        """Return the states before and after the steps."""
        own = [step for step in steps if step in {"install_runner", "make_log_directory", "remove_files"}]
        before = job.describe(self._current)
        after = job.describe_after(self._label, self._current, steps, self._plist)
        before.update(files=[], secret_environment=self._secrets.describe())
        after.update(files=own, secret_environment=self._secrets.describe_after(steps))
        if self._description.reload:
            before["configuration"] = reloading.describe(self._served)
            after["configuration"] = reloading.describe_after(self._served, steps)
        return {"before": before, "after": after}

    def _make_log_directory(self) -> None:
        if self._ids is None:
            raise ServiceError(
                f"The service {self._description.name} is to run as {self._description.user}, but this host has no such"
                " user and group: create them first."
            )
        _files.make_directory(self._logs, LOG_MODE, self._ids)
        _files.make_file(self._launchd_log, LAUNCHD_LOG_MODE, self._ids)


def make_plist(description: Description, label: str, runner: str) -> dict[str, Any]:
    """Return the property list of a service."""
    waits = [word for path in description.wait_for_paths for word in ("--wait-for", path)]
    limit = ["--open-files", str(description.open_files)] if description.open_files is not None else []
    # What a program that was killed leaves behind has as long to let go of what it holds.
    longer = description.stop_seconds > Description.stop_seconds
    grace = ["--grace", str(description.stop_seconds)] if longer else []
    forward = ["--forward", description.reload.signal] if description.reload else []
    secrets = ["--environment", _names.service_environment(description.name)] if description.secret_environment else []
    plist: dict[str, Any] = {
        "Label": label,
        "ProgramArguments": [
            sys.executable,
            "-IS",
            runner,
            "--log",
            _names.service_log(description.name),
            "--limit",
            str(description.log_megabytes * 1024 * 1024),
            "--keep",
            str(description.log_keep),
            "--memory",
            f"{_names.log_directory(description.name)}/.group",
            *waits,
            *limit,
            *grace,
            *secrets,
            *forward,
            "--",
            *description.arguments,
        ],
        "EnvironmentVariables": description.environment,
        "UserName": description.user,
        "WorkingDirectory": description.working_directory,
        "RunAtLoad": True,
        "KeepAlive": KEEP_ALIVE[description.restart],
        "ExitTimeOut": description.stop_seconds,
        "ProcessType": "Interactive",
        "StandardErrorPath": _names.launchd_log(description.name),
    }
    if description.group:
        plist["GroupName"] = description.group
    return plist
