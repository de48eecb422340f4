# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What programs themselves say against sleep: assertions of macOS, inhibitors of systemd."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

MACOS = ["/usr/bin/pmset", "-g", "assertions"]
# As JSON, which the list for people is not on every release.
LINUX = [
    *("busctl", "--json=short", "call", "org.freedesktop.login1", "/org/freedesktop/login1"),
    *("org.freedesktop.login1.Manager", "ListInhibitors"),
]
# The others, such as BackgroundTask, do not keep a Mac awake.
_KINDS = "PreventUserIdleSystemSleep|PreventSystemSleep|UserIsActive"
_ASSERTION = re.compile(rf'^\s+pid (\d+)\(([^)]*)\): \[[^]]*\] \S+ ({_KINDS}) named: "(.*?)"', re.MULTILINE)
_HEAD = "Assertion status system-wide:"


def of_macos(text: str, ours: Collection[int]) -> list[str] | None:
    """Return who keeps a Mac awake, apart from processes of ours; None where the text is another."""
    if _HEAD not in text:
        return None
    return [
        f"{name} (pid {pid}) has {kind}: {why}"
        for pid, name, kind, why in _ASSERTION.findall(text)
        if int(pid) not in ours
    ]


def of_linux(text: str) -> list[str] | None:
    """Return who keeps a Linux host from sleep; those that only delay it do not. None where the text is another."""
    try:
        (rows,) = json.loads(text)["data"]
        return [
            f"{who} (pid {pid}) inhibits sleep: {why}"
            for what, who, why, mode, _, pid in rows
            if mode == "block" and "sleep" in what.split(":")
        ]
    except (ValueError, TypeError, KeyError):
        return None
