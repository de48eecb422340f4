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
    "powermode": 0,
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
# The 2024 minis are the first whose firmware starts when mains power is connected.
CONNECT_MODELS = ("Mac16,10", "Mac16,11")
HIGH_POWER_MODELS = ("Mac16,11",)


def supported(profile: Profile) -> list[str]:
    """List the keys that this hardware and release know, in the order of the capture from macOS 26.5."""
    high_power = profile.model in HIGH_POWER_MODELS
    connect = profile.at_least(CONNECT_RELEASE) and profile.model in CONNECT_MODELS
    absent = {"lowpowermode" if high_power else "powermode"} | (set() if connect else {"autorestartatconnect"})
    return [key for key in DEFAULTS if key not in absent]


def settings(state: State) -> dict[str, int]:
    """Return every stored setting of the profile "AC Power", also those that the hardware does not support."""
    return {**DEFAULTS, **state.read(AREA).get("ac", {})}


def store(state: State, changes: dict[str, Any]) -> None:
    """Change settings of the profile "AC Power"."""
    with state.edit(AREA) as data:
        stored = data.setdefault("ac", {})
        stored.update(changes)
        # "Always" and "after a power failure" exclude each other: System Settings puts the second one back to 0.
        if stored.get("autorestart") and stored.get("autorestartatconnect"):
            stored["autorestart"] = 0


def system_settings(state: State) -> dict[str, int]:
    """Return the settings outside any profile: ``SleepDisabled`` and ``DestroyFVKeyOnStandby``."""
    found: dict[str, int] = state.read(AREA).get("system", {})
    return found


def starts_when_power_returns(state: State) -> bool:
    """Tell whether the Mac starts by itself after its mains power was cut."""
    found = settings(state)
    return bool(found["autorestart"] or found["autorestartatconnect"])


def restore_defaults(state: State) -> None:
    """Forget every change."""
    with state.edit(AREA) as data:
        data.pop("ac", None)
        data.pop("system", None)
