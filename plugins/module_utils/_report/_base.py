# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What every kind of check is made of: its arguments, its surroundings and its result."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import as_text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands, Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import Fetch

SETTLE_SECONDS = 5
"""How long macOS may take to apply what was stored."""

COMMON = frozenset({"capability", "check", "title"})
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class ReportError(ClusterError):
    """A check is described wrongly or could not be measured."""


@dataclass(frozen=True)
class Measurement:
    """One line of the report."""

    ok: bool
    measured: str
    expected: str
    advice: str = ""
    values: Mapping[str, Any] | None = None
    """For who reads lines together: the table of models, such as the size in bytes, and `cluster doctor`."""


class Arguments:
    """The description of one check, read with a type; a misspelt name is an error and not silently no check."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {key: value for key, value in values.items() if value is not None}
        self._used = set(COMMON)

    def _get(self, name: str, default: Any = None, *, required: bool = False) -> Any:
        self._used.add(name)
        if required and name not in self._values:
            raise ReportError(f"the check has no {name}: say what to measure.")
        return self._values.get(name, default)

    def text(self, name: str) -> str:
        """Return a required text."""
        return str(self._get(name, required=True))

    def optional_text(self, name: str) -> str | None:
        """Return a text or None."""
        value = self._get(name)
        return None if value is None else str(value)

    def integer(self, name: str, default: int) -> int:
        """Return a number."""
        value = self._get(name, default)
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ReportError(f"{name} is {value!r} and must be a whole number.") from None

    def number(self, name: str) -> float | None:
        """Return a number with decimals, or None."""
        value = self._get(name)
        try:
            return None if value is None else float(value)
        except (TypeError, ValueError):
            raise ReportError(f"{name} is {value!r} and must be a number.") from None

    def switch(self, name: str, default: bool | None = None) -> bool:
        """Return a boolean, also when it comes as a word."""
        value = self._get(name, default, required=default is None)
        answer = _WORDS.get(str(value).strip().lower())
        if answer is None:
            raise ReportError(f"{name} is {value!r} and must be true or false.")
        return answer

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        """Return one of some words."""
        value = str(self._get(name, default, required=default is None))
        if value not in choices:
            raise ReportError(f"{name} is {value} and must be one of {', '.join(choices)}.")
        return value

    def texts(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """Return a list of texts."""
        value = self._get(name, list(default))
        if not isinstance(value, (list, tuple)):
            raise ReportError(f"{name} is {value!r} and must be a list.")
        return [str(item) for item in value]

    def mapping(self, name: str) -> dict[str, Any]:
        """Return a required mapping."""
        value = self._get(name, required=True)
        if not isinstance(value, dict):
            raise ReportError(f"{name} is {value!r} and must be a mapping.")
        return value

    def mappings(self, name: str) -> list[dict[str, Any]]:
        """Return a required list of mappings."""
        value = self._get(name, required=True)
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, dict) for item in value):
            raise ReportError(f"{name} is {value!r} and must be a list of mappings.")
        return list(value)

    def refuse_unused(self) -> None:
        """Fail when an argument was given that this kind of check does not know."""
        unknown = sorted(set(self._values) - self._used)
        if unknown:
            raise ReportError(f"this kind of check does not know {', '.join(unknown)}.")


class RememberedCommands(Commands):
    """Runs each reading command once, however many checks want its output."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._results: dict[tuple[str, ...], Result] = {}
        self._lock = threading.Lock()

    def run(self, argv: list[str], stdin: str | None = None, timeout: int = 60) -> Result:
        """Run a command, or return what it said before."""
        key = tuple(argv)
        with self._lock:
            if key not in self._results:
                self._results[key] = self._commands.run(argv, stdin=stdin, timeout=timeout)
            return self._results[key]


class Context:
    """What checks measure with."""

    def __init__(
        self, commands: Commands, fetch: Fetch, system: str, passwords: Mapping[str, str] | None = None
    ) -> None:
        self.live = commands
        """For measurements that must be made anew."""
        self.commands = RememberedCommands(commands)
        self.fetch = fetch
        self.system = system
        self._passwords = passwords or {}

    def password(self, name: str) -> str:
        """Return a password that checks only name."""
        if name not in self._passwords:
            raise ReportError(f"there is no password called {name}: give it in passwords.")
        return self._passwords[name]

    @property
    def is_macos(self) -> bool:
        """Tell whether this host is a Mac."""
        return self.system == "Darwin"


def settled(look: Callable[[Commands], Measurement], context: Context) -> Measurement:
    """Measure what macOS applies by itself after a change was stored: where it is not as wanted yet, once a second."""
    latest = look(context.commands)

    def as_wanted() -> bool:
        nonlocal latest
        if not latest.ok:
            latest = look(context.live)
        return latest.ok

    _wait.wait_until(as_wanted, SETTLE_SECONDS, 1)
    return latest


@dataclass(frozen=True)
class Kind:
    """A kind of check: how its line is called, and how it is measured."""

    title: str | Callable[[Mapping[str, Any]], str]
    """May name arguments of the check in braces, or is made of them."""
    measure: Callable[[Arguments, Context], Measurement]
    slow: bool = False
    """Waits for others: measured at the same time as the other slow ones, without remembered commands."""


def compare(current: object, wanted: object, advice: str = "", what: str = "") -> Measurement:
    """Return the line for a value that has to be equal to another."""
    return Measurement(current == wanted, f"{what}{as_text(current)}", f"{what}{as_text(wanted)}", advice)
