# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``systemsetup``."""

from __future__ import annotations

NOT_ROOT = "You need administrator access to run this tool... exiting!"
NO_ACCESS = "setremotelogin: Turning Remote Login on or off requires Full Disk Access privileges."
SURE = (
    "Do you really want to turn remote login off? If you do, you will lose this connection and can only turn it back "
    "on locally at the server (yes/no)?"
)
NOISE = (
    "### Error:-99 File:/AppleInternal/Library/BuildRoots/8d3bda53-b6f0-11ee-a9b0-3a4b4e3e3a3e/Library/Caches/"
    "com.apple.xbs/Sources/Admin/Admin/InternetServices.m Line:{line}"
)
# The number on macOS 15, and from macOS 26 on.
NOISE_LINES = (379, 395)
USAGE = "Usage: systemsetup [-help] [-getsetting | -setsetting value]"
UNKNOWN = "systemsetup: unrecognized option: {verb}"
BAD_ZONE = "{zone} is not a valid timezone. Please use -listtimezones to see a list of time zones."
BAD_VALUE = "{verb}: {value} is not a valid value"
# Where the system has no data of zones.
FALLBACK_ZONES = [
    "America/Los_Angeles",
    "America/New_York",
    "Asia/Tokyo",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Paris",
    "GMT",
    "UTC",
]
