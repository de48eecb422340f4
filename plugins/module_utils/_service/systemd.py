# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A service on Linux: a unit of systemd, judged by what `systemctl show` says.

The journal keeps and rotates its log.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names, _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import reloading, replaced
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import STABLE_SECONDS, ServiceError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.environment import (
    EnvironmentFile,
    systemd_format,
)

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service.description import Description

SYSTEMCTL = "/usr/bin/systemctl"
KILL = "/bin/kill"
JOURNALCTL = "/usr/bin/journalctl"
PROPERTIES = ("ActiveState", "SubState", "MainPID", "UnitFileState", "NeedDaemonReload", "ExecMainStatus")
# What systemctl may take beyond the time that the service has to end.
MARGIN_SECONDS = 60
START_SECONDS = 15
RESTART = {"always": "always", "on_failure": "on-failure", "never": "no"}
SYSTEMDS_OWN = b"INVOCATION_ID="
WAIT_SCRIPT = 'until test -e "$$0"; do sleep 1; done'


@dataclass(frozen=True)
class Unit:
    """What systemd knows about a unit."""

    active: str = "inactive"
    pid: int | None = None
    enabled: bool = False
    stale: bool = False
    waiting: bool = False
    status: str = ""

    @property
    def running(self) -> bool:
        """Tell whether its program runs, be it that it reads its configuration again."""
        return self.active in {"active", "reloading"} and self.pid is not None

    @property
    def stopped(self) -> bool:
        """Tell whether nothing of it runs or is about to."""
        return self.active in {"inactive", "failed"}


def parse_show(text: str) -> Unit:
    """Read `systemctl show`."""
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    pid = values.get("MainPID", "0")
    states = f"{values.get('ActiveState')}, {values.get('SubState')}"
    return Unit(
        active=values.get("ActiveState", "inactive"),
        pid=int(pid) if pid.isdigit() and pid != "0" else None,
        enabled=values.get("UnitFileState") == "enabled",
        stale=values.get("NeedDaemonReload") == "yes",
        waiting=values.get("SubState") == "start-pre",
        status=f"{states}, last exit status {values.get('ExecMainStatus')}",
    )


def quote(word: str, *, command: bool = False) -> str:
    """Quote one word as systemd reads it, so that it stays itself."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped.replace("$", "$$") if command else escaped}"'


def _command(words: list[str]) -> str:
    return " ".join(quote(word, command=True) for word in words)


def make_unit(description: Description) -> str:
    """Return the unit file of a service."""
    service = [f"Type={'notify' if description.notifies else 'exec'}", f"User={description.user}"]
    if description.group:
        service.append(f"Group={description.group}")
    service.append(f"WorkingDirectory={description.working_directory.replace('%', '%%')}")
    service += [f"Environment={quote(f'{key}={value}')}" for key, value in sorted(description.environment.items())]
    if description.secret_environment:
        service.append(f"EnvironmentFile={_names.service_environment(description.name)}")
    for path in description.wait_for_paths:
        service.append(f"ExecStartPre=/bin/sh -c '{WAIT_SCRIPT}' {quote(path, command=True)}")
    if description.wait_for_paths:
        service.append("TimeoutStartSec=infinity")
    service.append(f"ExecStart={_command(description.arguments)}")
    if description.reload:
        # A person's `systemctl reload` looks at the configuration first, too.
        check = description.reload.check
        service += [f"ExecReload={_command(check)}"] if check else []
        service.append(f"ExecReload={KILL} -{description.reload.signal} $MAINPID")
    service += [
        f"Restart={RESTART[description.restart]}",
        "RestartSec=5",
        "KillMode=control-group",
        f"TimeoutStopSec={description.stop_seconds}",
    ]
    if description.open_files is not None:
        service.append(f"LimitNOFILE={description.open_files}")
    if description.low_ports:
        service.append("AmbientCapabilities=CAP_NET_BIND_SERVICE")
    sections = {
        # Without a limit systemd would give up on a service that fails while what it needs is still starting.
        "Unit": [
            f"Description={description.description.replace('%', '%%')}",
            "Wants=network-online.target",
            "After=network-online.target",
            "StartLimitIntervalSec=0",
        ],
        "Service": service,
        "Install": ["WantedBy=multi-user.target"],
    }
    text = "\n\n".join("\n".join([f"[{name}]", *lines]) for name, lines in sections.items())
    return f"# Written by hybrid_ai.cluster; changes are overwritten.\n{text}\n"


class SystemdService:
    """One service under systemd."""

    def __init__(self, commands: Commands, description: Description) -> None:
        self._commands = commands
        self._description = description
        self._unit = _names.systemd_unit(description.name)
        self._path = f"{_names.SYSTEMD_UNITS}/{self._unit}"
        self._wanted = make_unit(description)
        secrets = description.secret_environment
        self._secrets = EnvironmentFile(description.name, systemd_format(secrets) if secrets else None)
        self._replaced = replaced.ReplacedUnits(commands, description.replaces)
        self.log = f"the journal of {self._unit}"

    def read(self) -> None:
        """Read what is there."""
        content = _files.read(self._path)
        self._before = None if content is None else content.decode("utf-8", "replace")
        self._sound = _files.mode_and_owner(self._path) == (0o644, 0, 0)
        self._current = self._show()
        self._secrets.read((0, 0))
        self._replaced.read()
        self._served: bool | None = None

    def plan(self, state: str) -> list[str]:
        """Return the steps to a state.

        What runs is stopped before its file changes: whatever happens in between, what runs never differs from it.
        """
        steps = self._plan(state)
        return steps if state == "absent" else [*self._replaced.plan(), *steps]

    def _plan(self, state: str) -> list[str]:
        unit, there = self._current, self._before is not None
        stop = [] if unit.stopped else ["stop"]
        if state == "absent":
            disable = ["disable"] if unit.enabled else []
            secrets = ["remove_environment"] if self._secrets.exists else []
            return [*stop, *disable, *secrets, *(["remove", "reload"] if there else ["reload"] if unit.stale else [])]
        differs = self._before != self._wanted or not self._sound
        write = [*(["write"] if differs else []), *self._secrets.steps]
        reload = ["reload"] if differs or unit.stale else []
        if state == "stopped":
            return [*stop, *(["disable"] if unit.enabled else []), *write, *reload]
        enable = [] if unit.enabled else ["enable"]
        if reload or self._secrets.differs:
            return [*stop, *write, *reload, *enable, "start"]
        start = ["start"] if unit.stopped and self._description.restart != "never" else []
        return [*write, *enable, *start, *([] if start else self._plan_configuration())]

    def _plan_configuration(self) -> list[str]:
        """Return the steps to the wanted configuration of a program that is described as wanted."""
        wanted, unit = self._description.reload, self._current
        if wanted is None or unit.waiting:
            return []
        if not unit.running:
            # It keeps ending, and nothing that is open can be lost.
            return ["stop", "start"]
        self._served = wanted.served()
        return [] if self._served else [reloading.STEP]

    def apply(self, steps: list[str]) -> None:
        """Run the steps and read back."""
        for step in steps:
            if step == "write":
                _files.write(self._path, self._wanted.encode())
            elif step == "remove":
                _files.remove(self._path)
            elif step in {"write_environment", "remove_environment"}:
                self._secrets.apply(step)
            elif step in replaced.STEPS:
                self._replaced.apply(step)
            elif step == "reload":
                self._commands.check_output([SYSTEMCTL, "daemon-reload"])
            elif step == reloading.STEP:
                self._commands.check_output([SYSTEMCTL, "reload", self._unit])
            elif step == "start" and self._description.wait_for_paths:
                self._commands.check_output([SYSTEMCTL, "start", "--no-block", self._unit])
            else:
                self._commands.check_output(
                    [SYSTEMCTL, step, self._unit], timeout=self._description.stop_seconds + MARGIN_SECONDS
                )
        if steps:
            self._read_back(steps)

    def _read_back(self, steps: list[str]) -> None:
        unit = self._show()
        if ("enable" in steps and not unit.enabled) or ("disable" in steps and unit.enabled):
            raise ServiceError(
                f"`systemctl {'enable' if 'enable' in steps else 'disable'} {self._unit}` had no effect."
            )
        if "stop" in steps and "start" not in steps and not unit.stopped:
            raise ServiceError(f"`systemctl stop {self._unit}` had no effect: the unit is {unit.status}.")
        if "remove" in steps and unit.active == "failed":
            # systemd remembers how it ended, and would list it for as long as it runs.
            self._commands.check_output([SYSTEMCTL, "reset-failed", self._unit])

    def wait_until_stable(self) -> int | None:
        """Wait for a process that stays; a service that is never restarted may have done its work already."""
        if self._description.restart == "never":
            return self._show().pid
        unit = Unit()

        def running() -> bool:
            nonlocal unit
            unit = self._show()
            return unit.waiting or (unit.active == "active" and unit.pid is not None)

        if _wait.wait_until(running, START_SECONDS):
            first = unit.pid
            _wait.sleep(STABLE_SECONDS)
            if running() and unit.pid == first:
                self._check_environment(first)
                return first
        words = self.last_words()
        end = f"; the end of its journal: {' | '.join(words)}" if words else ""
        raise ServiceError(f"{self._unit} does not stay running ({unit.status}){end}")

    def _check_environment(self, pid: int | None) -> None:
        """Fail where the program runs without its secrets; one that wrote over its environment is believed."""
        found = (_files.read(f"/proc/{pid}/environ") or b"").split(b"\0")
        if not any(variable.startswith(SYSTEMDS_OWN) for variable in found):
            return
        wanted = self._description.secret_environment
        missing = [name for name, value in sorted(wanted.items()) if f"{name}={value}".encode() not in found]
        if missing:
            raise ServiceError(
                f"{self._unit} runs without {', '.join(missing)} of its secret environment: read `journalctl _PID=1`."
            )

    def kept_process(self) -> bool:
        """Tell whether the program that was there at the beginning still runs."""
        return self._show().pid == self._current.pid

    def last_words(self) -> list[str]:
        """Return the end of the log."""
        result = self._commands.run([JOURNALCTL, "-u", self._unit, "-n", "10", "-o", "cat", "--no-pager"])
        return self._description.without_secrets(result.out.splitlines())

    def differences(self, steps: list[str]) -> dict[str, Any]:
        """Return the states before and after the steps."""
        unit, enabled = self._current, self._current.enabled
        active = "stopped" if unit.stopped else "running"
        before: dict[str, Any] = {
            "unit": self._before,
            "enabled": enabled,
            "state": active,
            "reload_needed": unit.stale,
            "secret_environment": self._secrets.describe(),
        }
        after = {**before, "secret_environment": self._secrets.describe_after(steps)}
        if self._description.reload:
            before["configuration"] = reloading.describe(self._served)
            after["configuration"] = reloading.describe_after(self._served, steps)
        if self._description.replaces:
            before["replaced"], after["replaced"] = self._replaced.states([]), self._replaced.states(steps)
        for step in steps:
            if step in {"write", "remove"}:
                after["unit"] = self._wanted if step == "write" else None
            elif step in {"enable", "disable"}:
                after["enabled"] = step == "enable"
            elif step in {"start", "stop"}:
                after["state"] = "running" if step == "start" else "stopped"
            elif step == "reload":
                after["reload_needed"] = False
        return {"before": before, "after": after}

    def _show(self) -> Unit:
        words = [word for name in PROPERTIES for word in ("-p", name)]
        return parse_show(self._commands.check_output([SYSTEMCTL, "show", *words, self._unit]))
