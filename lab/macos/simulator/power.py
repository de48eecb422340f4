# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Power management settings as powerd keeps them: one profile for each source that can feed the Mac."""

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
# A laptop's on its battery, in the order of public captures; on mains power it does not dim its display.
BATTERY_DEFAULTS = {
    "Sleep On Power Button": 1,
    "lowpowermode": 0,
    "standby": 1,
    "ttyskeepawake": 1,
    "hibernatemode": 3,
    "powernap": 1,
    "hibernatefile": "/var/vm/sleepimage",
    "displaysleep": 2,
    "womp": 0,
    "networkoversleep": 0,
    "sleep": 1,
    "lessbright": 1,
    "tcpkeepalive": 1,
    "disksleep": 10,
}
LAPTOP_DEFAULTS = {
    key: {"displaysleep": 10, "womp": 1}.get(key, value)
    for key, value in BATTERY_DEFAULTS.items()
    if key != "lessbright"
}
# What a profile of a UPS shows was not recorded: what every profile has.
UPS_KEYS = ("displaysleep", "sleep", "disksleep", "tcpkeepalive")
MAINS, BATTERY, UPS = "ac", "battery", "ups"
TITLES = {BATTERY: "Battery Power", MAINS: "AC Power", UPS: "UPS Power"}
CONNECT_RELEASE = "26.5"
POWER_MODES = ("lowpowermode", "powermode")


def has_high_power(profile: Profile) -> bool:
    """Whether the model has a High Power Mode."""
    return bool(profile.hardware.get("high_power"))


def is_laptop(profile: Profile) -> bool:
    """Whether the model has a battery, and a lid."""
    return bool(profile.hardware.get("battery"))


def sources(profile: Profile) -> list[str]:
    """List what can feed this Mac, in the order in which pmset shows it; a UPS is what the lab says is connected."""
    found = [*([BATTERY] if is_laptop(profile) else []), MAINS]
    return [*found, UPS] if profile.host.get("ups") else found


def feeding(profile: Profile, state: State) -> tuple[str, int, int]:
    """Tell what feeds this Mac now, and of a battery how full it is in percent and how many minutes it lasts."""
    found = state.read(AREA).get("feeding", {})
    source = str(found.get("source", MAINS))
    known = source if source in sources(profile) else MAINS
    return known, int(found.get("percent", 100)), int(found.get("minutes", 0))


def unplug(state: State, source: str, percent: int, minutes: int) -> None:
    """Take mains power away: a battery or a UPS feeds the Mac."""
    with state.edit(AREA) as data:
        data["feeding"] = {"source": source, "percent": percent, "minutes": minutes}


def supported(profile: Profile, source: str = MAINS) -> list[str]:
    """List the keys that a source has on this hardware and release, in the order of captures."""
    if source == UPS:
        return list(UPS_KEYS)
    if is_laptop(profile):
        return list(BATTERY_DEFAULTS if source == BATTERY else LAPTOP_DEFAULTS)
    absent = {"lowpowermode" if has_high_power(profile) else "powermode"}
    if not profile.at_least(CONNECT_RELEASE):
        absent.add("autorestartatconnect")
    return [key for key in DEFAULTS if key not in absent]


def settings(state: State, source: str = MAINS, *, laptop: bool = False) -> dict[str, Any]:
    """Return every stored setting of a source, also those that the hardware does not support."""
    defaults = BATTERY_DEFAULTS if source == BATTERY else LAPTOP_DEFAULTS if laptop else {}
    return {**DEFAULTS, **defaults, **state.read(AREA).get(source, {})}


def store(state: State, changes: dict[str, Any], source: str = MAINS) -> None:
    """Change settings of a source."""
    with state.edit(AREA) as data:
        stored = data.setdefault(source, {})
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
        for name in (MAINS, BATTERY, UPS, "system"):
            data.pop(name, None)
