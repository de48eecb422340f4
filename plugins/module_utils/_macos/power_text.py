# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What `pmset -g custom` says, read here alone: for the modules, the report and the measurements beside node_exporter.

It imports nothing of the collection, because a copy of it lies beside those measurements.
"""

from __future__ import annotations

import re

PROFILE = "AC Power"
"""The profile of mains power: the only record that `pmset -g` and System Settings agree with."""

BATTERY, UPS = "Battery Power", "UPS Power"
"""The profiles of a laptop, and of a Mac that a UPS is connected to; nothing is shown of what is not there."""

_REASON = re.compile(r"\s+\(.*\)$")


def parse_custom(text: str) -> dict[str, dict[str, int | str]]:
    """Return the settings of every power source.

    Names may contain spaces ("Sleep On Power Button"), the order is arbitrary, and a value that is not a number (a file
    name on Intel Macs) stays a text. What keeps a Mac awake just now may stand in brackets behind a value.
    """
    profiles: dict[str, dict[str, int | str]] = {}
    profile: dict[str, int | str] | None = None
    for line in text.splitlines():
        if line and not line[0].isspace():
            heading = line.rstrip()
            profile = profiles.setdefault(heading[:-1], {}) if heading.endswith(":") else None
            continue
        name, _, value = _REASON.sub("", line.strip()).rpartition(" ")
        if profile is not None and name:
            profile[name.strip()] = int(value) if value.isdigit() else value
    return profiles


def describe_sleep(profiles: dict[str, dict[str, int | str]]) -> str:
    """Say when a Mac falls asleep by itself, on every power source that it has."""
    names = {PROFILE: "on mains power", BATTERY: "on battery", UPS: "on the UPS"}
    shown = [
        f"{name} {_sleep_after(profiles[source].get('sleep'))}" for source, name in names.items() if source in profiles
    ]
    if BATTERY in profiles:
        shown.append("with its lid closed at once, unless a display and mains power are connected")
    return ", ".join(shown)


def _sleep_after(minutes: int | str | None) -> str:
    if not isinstance(minutes, int):
        return "unknown"
    if not minutes:
        return "never"
    return f"after {minutes} minute{'' if minutes == 1 else 's'}"
