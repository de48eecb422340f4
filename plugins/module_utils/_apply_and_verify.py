# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The order every small settings module keeps: read, plan, apply, read back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

State = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """The state found, and the state left behind or (in check mode) predicted."""

    before: State
    after: State

    @property
    def changed(self) -> bool:
        """Tell whether anything became different."""
        return self.before != self.after

    @property
    def diff(self) -> dict[str, State]:
        """The two states in the form of Ansible's diff mode."""
        return {"before": self.before, "after": self.after}


def apply_and_verify(
    commands: Commands,
    before: State,
    steps: list[list[str]],
    wanted: State,
    read: Callable[[], State],
    *,
    check_mode: bool,
    error: type[ClusterError] = ClusterError,
    advice: str = "",
) -> Outcome:
    """Run the planned `steps` that bring `before` to `wanted`, unless in check mode, and read the state back.

    Exit statuses decide nothing: macOS tools exit with 0 on failure and otherwise on success. A value that does not
    show when it is read back is the failure.
    """
    if not steps:
        return Outcome(before, before)
    if check_mode:
        return Outcome(before, {**before, **wanted})
    said = [(argv, commands.run(argv)) for argv in steps]
    after = read()
    wrong = differences(after, wanted)
    if wrong:
        tried = "; ".join(
            f"`{' '.join(argv)}` ended with status {result.rc}" + (f" and said: {result.text}" if result.text else "")
            for argv, result in said
        )
        raise error(f"The change did not take effect: {'; '.join(wrong)}. {tried.rstrip('.')}. {advice}".rstrip())
    return Outcome(before, after)


def differences(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Say, value by value, what is not as wanted."""
    return [
        f"{key} is {as_text(current.get(key))} instead of {as_text(value)}"
        for key, value in wanted.items()
        if current.get(key) != value
    ]


def as_text(value: object) -> str:
    """Write a value the way a person reads it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not set" if value is None else str(value)
