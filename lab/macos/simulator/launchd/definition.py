# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a property list says about a job (launchd.plist(5), the keys that do something here)."""

from __future__ import annotations

import plistlib
from dataclasses import dataclass, field
from typing import Any

# Signals that macOS calls a crash: ILL TRAP ABRT BUS FPE SEGV SYS, by their Linux numbers.
CRASH_SIGNALS = frozenset({4, 5, 6, 7, 8, 11, 31})


class InvalidPlistError(Exception):
    """A property list that launchd would not load."""


@dataclass(frozen=True)
class Definition:
    """A job as its property list describes it."""

    label: str
    arguments: tuple[str, ...]
    program: str
    user: str | None = None
    group: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    directory: str | None = None
    root_directory: str | None = None
    standard_in: str | None = None
    standard_out: str | None = None
    standard_error: str | None = None
    keep_alive: bool | dict[str, Any] = False
    run_at_load: bool = False
    start_interval: int | None = None
    calendar: tuple[dict[str, int], ...] = ()
    throttle: int = 10
    exit_timeout: int = 20
    umask: int | None = None
    soft_limits: dict[str, int] = field(default_factory=dict)
    hard_limits: dict[str, int] = field(default_factory=dict)
    abandon_group: bool = False
    disabled: bool = False
    nice: int | None = None

    @property
    def starts_at_load(self) -> bool:
        """Whether loading alone starts it; SuccessfulExit implies RunAtLoad (man page)."""
        if self.run_at_load or self.keep_alive is True:
            return True
        return isinstance(self.keep_alive, dict) and bool({"SuccessfulExit", "Crashed"} & self.keep_alive.keys())

    @property
    def watched_paths(self) -> dict[str, bool]:
        """Paths whose presence (or absence) keeps the job alive."""
        return dict(self.keep_alive.get("PathState", {})) if isinstance(self.keep_alive, dict) else {}

    def restarts_after(self, status: int) -> bool:
        """Whether an exit (negative: a signal) is followed by another start. The keys of KeepAlive are ORed."""
        if isinstance(self.keep_alive, bool):
            return self.keep_alive
        checks = {"SuccessfulExit": status == 0, "Crashed": -status in CRASH_SIGNALS}
        return any(key in self.keep_alive and bool(self.keep_alive[key]) is value for key, value in checks.items())


def parse(data: bytes) -> Definition:
    """Read a property list (XML or binary)."""
    try:
        plist = plistlib.loads(data)
    except Exception as error:  # plistlib lets the parsers' own errors through
        raise InvalidPlistError(f"not a property list: {error}") from error
    if not isinstance(plist, dict):
        raise InvalidPlistError("not a dictionary")
    label = plist.get("Label")
    arguments = plist.get("ProgramArguments", [])
    program = plist.get("Program") or (arguments[0] if arguments else None)
    if not isinstance(label, str) or not label:
        raise InvalidPlistError("no Label")
    if not isinstance(arguments, list) or not all(isinstance(argument, str) for argument in arguments):
        raise InvalidPlistError("ProgramArguments is not an array of strings")
    if not isinstance(program, str):
        raise InvalidPlistError("neither Program nor ProgramArguments")
    environment = plist.get("EnvironmentVariables", {})
    if not all(isinstance(value, str) for value in environment.values()):
        raise InvalidPlistError("EnvironmentVariables is not a dictionary of strings")
    calendar = plist.get("StartCalendarInterval", [])
    return Definition(
        label=label,
        arguments=tuple(arguments or [program]),
        program=program,
        user=plist.get("UserName"),
        group=plist.get("GroupName"),
        environment=dict(environment),
        directory=plist.get("WorkingDirectory"),
        root_directory=plist.get("RootDirectory"),
        standard_in=plist.get("StandardInPath"),
        standard_out=plist.get("StandardOutPath"),
        standard_error=plist.get("StandardErrorPath"),
        keep_alive=plist.get("KeepAlive", False),
        run_at_load=bool(plist.get("RunAtLoad", False)),
        start_interval=plist.get("StartInterval"),
        calendar=tuple(calendar if isinstance(calendar, list) else [calendar]),
        throttle=int(plist.get("ThrottleInterval", 10)),
        exit_timeout=int(plist.get("ExitTimeOut", 20)),
        umask=_umask(plist.get("Umask")),
        soft_limits=dict(plist.get("SoftResourceLimits", {})),
        hard_limits=dict(plist.get("HardResourceLimits", {})),
        abandon_group=bool(plist.get("AbandonProcessGroup", False)),
        disabled=bool(plist.get("Disabled", False)),
        nice=plist.get("Nice"),
    )


def _umask(value: int | str | None) -> int | None:
    """Read a mode: an integer is decimal, since property lists know no octal; a string is octal."""
    return int(value, 8) if isinstance(value, str) else value
