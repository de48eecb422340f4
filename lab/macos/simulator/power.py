# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Power management settings as powerd keeps them: one profile, "AC Power", for a desktop without a battery."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .profile import Profile
    from .state import State

AREA = "power"
DEFAULTS = {
    "Sleep On Power Button": 1,
    "autorestartatconnect": 0,
    "lowpowermode": 0,
    "powermode": 0,  # the same stored value, under the name of a Mac with a High Power Mode
    "standby": 0,
    "ttyskeepawake": 1,
    "powernap": 1,
    "displaysleep": 10,
    "womp": 1,
    "networkoversleep": 0,
    "sleep": 1,
    "tcpkeepalive": 1,
    "autorestart": 0,
    "disksleep": 10,
}
CONNECT_RELEASE = "26.5"
POWER_MODES = ("lowpowermode", "powermode")


def has_high_power(profile: Profile) -> bool:
    """Whether the model has a High Power Mode."""
    return bool(profile.hardware.get("high_power"))


def supported(profile: Profile) -> list[str]:
    """List the keys that this hardware and release know, in the order of the capture from macOS 26.5."""
    absent = {"lowpowermode" if has_high_power(profile) else "powermode"}
    if not profile.at_least(CONNECT_RELEASE):
        absent.add("autorestartatconnect")
    return [key for key in DEFAULTS if key not in absent]


def settings(state: State) -> dict[str, int]:
    """Return every stored setting of the profile "AC Power", also those that the hardware does not support."""
    return {**DEFAULTS, **state.read(AREA).get("ac", {})}


def store(state: State, changes: dict[str, Any]) -> None:
    """Change settings of the profile "AC Power"."""
    with state.edit(AREA) as data:
        stored = data.setdefault("ac", {})
        stored.update(changes)
        for name in POWER_MODES:
            if name in changes:
                stored.update(dict.fromkeys(POWER_MODES, changes[name]))


def system_settings(state: State) -> dict[str, int]:
    """Return the settings outside any profile: ``SleepDisabled`` and ``DestroyFVKeyOnStandby``."""
    found: dict[str, int] = state.read(AREA).get("system", {})
    return found


def starts_when_power_returns(found: dict[str, int], hardware: dict[str, Any], *, was_running: bool) -> bool:
    """Tell whether a Mac with these settings starts by itself after its mains power was cut.

    "After a power failure" is only for one that was running when the power went. Every model lists autorestartatconnect
    from macOS 26.5 on; only the firmware of those of 2024 and later obeys it.
    """
    obeyed = found.get("autorestartatconnect") and hardware.get("starts_at_connect")
    return bool(obeyed or (found.get("autorestart") and was_running))


def restore_defaults(state: State) -> None:
    """Forget every change."""
    with state.edit(AREA) as data:
        data.pop("ac", None)
        data.pop("system", None)
