# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts and key tables of ``pmset``."""

from __future__ import annotations

USAGE = "Usage: pmset <options>\nSee pmset(1) for details: 'man pmset'"
MUST_BE_ROOT = "'{program}' must be run as root..."
SCHEDULE_MUST_BE_ROOT = "pmset: This operation must be run as root"
SLEEP_MUST_BE_ROOT = "Sleep error 0x{code:08x}; You must run this as root."
NOT_PRIVILEGED = 0xE00002C1
TCP_KEEP_ALIVE = (
    "Warning: This option disables TCP Keep Alive mechanism when sytem is sleeping. "
    "This will result in some critical features like 'Find My Mac' not to function properly."
)
TIMINGS = 'Warning: Idle sleep timings for "{source}" may not behave as expected.'
TIMINGS_DISPLAY = "- Display sleep should have a lower timeout than system sleep."
TIMINGS_DISK = "- Disk sleep should be non-zero whenever system sleep is non-zero."
STORES = {"battery": "InternalBattery-0 (id=20578403)", "ups": "Back-UPS ES 700 (id=1234)"}
CHARGED = " -{store}\t100%; charged; 0:00 remaining present: true"
DISCHARGING = " -{store}\t{percent}%; discharging; {minutes} remaining present: true"
NO_EVENTS = "No scheduled events."

# The order of pmset's own table; `-g cap` prints the supported part of it.
CAPABILITIES = (
    "displaysleep",
    "disksleep",
    "sleep",
    "womp",
    "ring",
    "acwake",
    "autorestart",
    "autorestartatconnect",
    "lidwake",
    "lessbright",
    "halfdim",
    "sms",
    "gpuswitch",
    "standby",
    "standbydelayhigh",
    "standbydelaylow",
    "highstandbythreshold",
    "powernap",
    "ttyskeepawake",
    "hibernatemode",
    "hibernatefile",
    "autopoweroff",
    "tcpkeepalive",
    "autopoweroffdelay",
    "proximitywake",
    "vactdisabled",
    "lowpowermode",
    "highpowermode",
)
NO_MODE = "Unsupported mode {mode}"
NO_HIGH_POWER = "HighPowerMode not supported on AC Power"
MINUTES = ("displaysleep", "disksleep", "sleep")
DELAYS = ("standbydelayhigh", "standbydelaylow", "highstandbythreshold", "autopoweroffdelay")
NUMBERS = (*MINUTES, *DELAYS, "gpuswitch", "hibernatemode", "powermode")
SYNONYMS = {"dim": "displaysleep", "spindown": "disksleep"}
HIBERNATE_MODES = (0, 3, 25)
SYSTEM_KEYS = {"disablesleep": "SleepDisabled", "destroyfvkeyonstandby": "DestroyFVKeyOnStandby"}

ASSERTIONS = (
    "BackgroundTask",
    "ApplePushServiceTask",
    "UserIsActive",
    "PreventUserIdleDisplaySleep",
    "SoftwareUpdateTask",
    "PreventSystemSleep",
    "ExternalMedia",
    "PreventUserIdleSystemSleep",
    "NetworkClientActive",
)
CAFFEINATE_FLAGS = {
    "d": "PreventUserIdleDisplaySleep",
    "i": "PreventUserIdleSystemSleep",
    "s": "PreventSystemSleep",
    "u": "UserIsActive",
}
EVENT_TYPES = ("sleep", "wake", "poweron", "shutdown", "wakeorpoweron", "restart")
EVENT_NAMES = {"wakeorpoweron": "wakepoweron"}
DAYS = {"MTWRFSU": "every day", "MTWRF": "weekdays only", "SU": "weekends only"}
