# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Running what changes a state, and reading it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

State = dict[str, Any]


def apply_and_verify(
    commands: Commands,
    steps: list[list[str]],
    wanted: State,
    read: Callable[[], State],
    *,
    error: type[ClusterError] = ClusterError,
    advice: str = "",
) -> State:
    """Run the planned steps and return the state afterwards.

    Exit statuses decide nothing: macOS tools exit with 0 on failure and otherwise on success. A value that does not
    show when it is read back is the failure.
    """
    said = [(argv, commands.run(argv)) for argv in steps]
    after = read()
    wrong = differences(after, wanted)
    if wrong:
        tried = "; ".join(
            f"`{' '.join(argv)}` ended with status {result.rc}" + (f" and said: {result.text}" if result.text else "")
            for argv, result in said
        )
        raise error(f"The change did not take effect: {'; '.join(wrong)}. {tried.rstrip('.')}. {advice}".rstrip())
    return after


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
