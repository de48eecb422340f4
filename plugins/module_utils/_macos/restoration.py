# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Settings of a Mac from before the first change: remembered, and set back where nobody has changed them since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._converge import Outcome, converge
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._earlier_settings import EarlierSettings
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import (
    automatic_updates,
    power,
    preferences,
    spotlight,
    system_setup,
    time_machine,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import UnmanagedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._serve import Request

    Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Area:
    """How the settings of an area are read, and the commands from what is there to what was."""

    read: Callable[[Commands, Collection[str]], dict[str, Any]]
    plan: Callable[[Settings, Settings], list[list[str]]]


def _plan_updates(current: Settings, wanted: Settings) -> list[list[str]]:
    """Return the commands; a switch that nobody had set is taken away, and macOS does as it likes again."""
    unset = [key for key, value in wanted.items() if value is None and current[key] is not None]
    return [
        *automatic_updates.plan(current, {key: value for key, value in wanted.items() if value is not None}),
        *([preferences.DEFAULTS, "delete", automatic_updates.DOMAIN, key] for key in unset),
    ]


AREAS = {
    "power": Area(lambda commands, _: power.read(commands), power.plan),
    "system_setup": Area(system_setup.read, system_setup.plan),
    "spotlight": Area(lambda commands, volumes: spotlight.read(commands, list(volumes)), spotlight.plan),
    "time_machine": Area(lambda commands, _: time_machine.read(commands), time_machine.plan),
    "automatic_updates": Area(lambda commands, _: automatic_updates.read(commands), _plan_updates),
}
"""What can be set back. Not the names, by which others know the Mac; not FileVault, which a person switches on; not
Wi-Fi and boot arguments, which nothing changes unless it is asked for."""


@dataclass
class Result:
    """What came of one area."""

    outcome: Outcome | None = None
    kept: list[str] = field(default_factory=list)
    failure: str = ""


def remember(record: str, found: Mapping[str, dict[str, Any]]) -> None:
    """Remember what is about to change, from the predictions of the areas."""
    earlier = EarlierSettings(record)
    for area, prediction in found.items():
        before, after = prediction["diff"]["before"], prediction["diff"]["after"]
        if area in AREAS:
            earlier.remember(area, before, {key: value for key, value in after.items() if before.get(key) != value})
    earlier.save()


def restore(request: Request, record: str | None) -> dict[str, Any]:
    """Set back what is remembered; what cannot be told or changed stops its own area only."""
    if not record:
        raise ClusterError("Give record, the name under which the settings from before are remembered.")
    earlier = EarlierSettings(record)
    results = {area: _restore(request, earlier, area) for area in AREAS if area in earlier.areas}
    outcomes = {area: result.outcome for area, result in results.items() if result.outcome}
    failures = [result.failure for result in results.values() if result.failure]
    if not request.check_mode and not failures:
        earlier.forget()
    unknown = [area for area in AREAS if area not in earlier.areas]
    changed_areas = [area for area, outcome in outcomes.items() if outcome.changed]
    return {
        "changed": bool(changed_areas),
        "changed_areas": changed_areas,
        "kept": [
            *(sentence for result in results.values() for sentence in result.kept),
            *([f"{', '.join(unknown)}: no change is remembered"] if unknown else []),
        ],
        "diff": {side: {area: one.diff[side] for area, one in outcomes.items()} for side in ("before", "after")},
        **({"failed": True, "msg": " ".join(failures)} if failures else {}),
    }


def _restore(request: Request, earlier: EarlierSettings, name: str) -> Result:
    area, names = AREAS[name], tuple(earlier.areas[name])
    try:
        current = area.read(request.commands, names)
        wanted, changed = earlier.to_restore(name, current)
        outcome = converge(
            request.commands,
            current,
            area.plan(current, wanted),
            wanted,
            lambda: area.read(request.commands, names),
            check_mode=request.check_mode,
        )
    except UnmanagedError as error:
        return Result(kept=[f"{name}: {error}"])
    except ClusterError as error:
        return Result(failure=str(error))
    return Result(outcome, [f"{name} {setting}: somebody has changed it since" for setting in changed])
