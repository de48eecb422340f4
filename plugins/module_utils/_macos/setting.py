# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a setting of a Mac is: one declaration, which the module, its documentation, the role and the report read.

A file named after it declares the options, says how the setting is read and which commands change it, and stands in the
list of `settings`. Everything else here is for the settings that need more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import apply_and_verify, as_text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._apply_and_verify import State
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call

UNSUPPORTED = "not supported"
"""The value of what this Mac does not have."""
REPEAT = "Repeat site.yml with the tag macos_headless."


class SettingError(ClusterError):
    """A setting could not be read or changed."""


@dataclass(frozen=True)
class Option:
    """An option of the module macos_headless, and the variable of the role that gives it its value."""

    name: str
    type: str
    description: str
    default: Any = None
    """The role's, for a Mac that runs without a screen; None leaves the setting alone."""
    choices: tuple[str, ...] = ()
    elements: str | None = None
    options: tuple[Option, ...] = ()
    secret: bool = False
    given: str | None = None
    """What the role gives, where no variable of it does."""

    @property
    def argument(self) -> dict[str, Any]:
        """Return the option as a module specifies it."""
        specified: dict[str, Any] = {"type": self.type}
        if self.choices:
            specified["choices"] = list(self.choices)
        if self.elements:
            specified["elements"] = self.elements
        if self.options:
            specified["options"] = {option.name: option.argument for option in self.options}
        if self.secret:
            specified["no_log"] = True
        return specified


@dataclass(frozen=True)
class Change:
    """What brings a setting to what is wanted; `after` is a prediction until it was applied."""

    before: State
    after: State
    steps: list[list[str]] = field(default_factory=list)
    begun: bool = False
    """Somebody has changed it before: there is only to wait."""
    details: dict[str, Any] = field(default_factory=dict)
    """What the module returns beside the state."""

    @property
    def due(self) -> bool:
        """Tell whether anything is to do."""
        return self.before != self.after

    @property
    def changed(self) -> bool:
        """Tell whether anything became different by us."""
        return self.due and not self.begun


@dataclass(frozen=True)
class Comparison:
    """The line of a report."""

    ok: bool
    measured: str
    expected: str
    advice: str


class Setting:
    """One setting of a Mac."""

    title: str
    """Of the report's line."""
    options: tuple[Option, ...]
    """The first one is the setting's own, and gives it its name."""
    remedy = ""
    """What a person can do where the setting is not as wanted; else another run may help."""
    restorable = True
    """What it was before the first change is set back when the role is removed; not where others rely on it, where a
    person decides, or where nothing is changed unless it is asked for."""
    absent = ""
    """Why there may be no value any more of what was changed before; else somebody has changed it."""
    passing = False
    """The tool gives answers that pass, so that asking again is not a repetition."""

    @property
    def name(self) -> str:
        """Return the name of the setting."""
        return self.options[0].name

    def is_managed(self, value: Any) -> bool:
        """Tell whether a value of the option asks for anything."""
        return value is not None

    def wanted(self, value: Any) -> State:
        """Return the state that a value of the option asks for; what nobody can have is an error."""
        return {self.name: value}

    def read(self, commands: Commands) -> State:
        """Return the present state; it may hold more than is ever wanted."""
        raise NotImplementedError

    def commands(self, current: State, wanted: State) -> list[list[str]]:
        """Return what brings a state that differs to the wanted one."""
        raise NotImplementedError

    def value(self, current: State, key: str) -> Any:
        """Return one value of the present state."""
        return current.get(key)

    def named_as_shown(self, current: State, wanted: State) -> State:  # noqa: ARG002 - for the settings that need it
        """Return what is wanted by the names that this Mac has for it."""
        return wanted

    def reachable(self, current: State, wanted: State) -> tuple[State, list[str]]:
        """Return what this Mac can be brought to, and a warning for everything else."""
        missing = [key for key in wanted if self.value(current, key) == UNSUPPORTED]
        warnings = [f"This Mac does not have {key}: it stays unmanaged." for key in missing]
        return {key: value for key, value in wanted.items() if key not in missing}, warnings

    def refuse(self, call: Call, current: State, wanted: State) -> None:
        """Fail where a change would do harm."""

    def plan(self, call: Call) -> Change:
        """Read, and plan the way to what is wanted; nothing is changed here."""
        asked = self.wanted(call.options[self.name])
        current = self.read(call.commands)
        wanted, warnings = self.reachable(current, self.named_as_shown(current, asked))
        for warning in warnings:
            call.warn(warning)
        before = {key: self.value(current, key) for key in wanted}
        if before == wanted:
            return Change(before, before)
        self.refuse(call, current, wanted)
        return Change(before, wanted, self.commands(current, wanted))

    def apply(self, call: Call, change: Change) -> Change:
        """Run the steps and read back; return what was done."""
        commands, wanted = call.commands, change.after
        after = apply_and_verify(
            commands, change.steps, wanted, lambda: self.read(commands), error=SettingError, advice=self.remedy
        )
        return replace(change, after={key: self.value(after, key) for key in wanted})

    def compare(self, commands: Commands, value: Any) -> Comparison:
        """Measure the setting for a report; what this Mac does not have counts as off."""
        wanted = self.wanted(value)
        return self.compared(self.read(commands), wanted)

    def compared(self, current: State, asked: State) -> Comparison:
        """Return the line about a state."""
        wanted = self.named_as_shown(current, asked)
        found = {key: self.value(current, key) for key in wanted}
        wrong = [key for key, one in wanted.items() if found[key] != one and (found[key] != UNSUPPORTED or one)]
        missing = [key for key in wrong if found[key] == UNSUPPORTED]
        advice = f"This Mac does not have {', '.join(missing)}: leave that alone." if missing else self.remedy or REPEAT
        return Comparison(not wrong, _text(found), _text(wanted), advice)


def result_of(setting: Setting, change: Change) -> Any:
    """Return what the module reports of a setting: the state, or the one value of it."""
    state = change.after[setting.name] if set(change.after) == {setting.name} else change.after
    return {**change.after, **change.details} if change.details else state


def _text(state: State) -> str:
    """Write a state for a person; one value needs no name."""
    if len(state) == 1:
        return as_text(next(iter(state.values())))
    return ", ".join(f"{key} {as_text(value)}" for key, value in state.items())
