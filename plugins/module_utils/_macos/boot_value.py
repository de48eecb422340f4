# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A value of the kernel that a restart forgets: a daemon of launchd sets it at every boot."""

from __future__ import annotations

import plistlib
from dataclasses import dataclass
from typing import Any
from xml.parsers.expat import ExpatError

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names

SYSCTL = "/usr/sbin/sysctl"
AT_BOOT = "at boot"


@dataclass(frozen=True)
class BootValue:
    """One value, by its name in `sysctl`, and the word that its daemon is called by."""

    name: str
    daemon: str

    @property
    def label(self) -> str:
        """Return the daemon's label."""
        return _names.launchd_label(self.daemon)

    @property
    def path(self) -> str:
        """Return where the daemon's property list lies."""
        return _names.launchd_plist(self.label)

    def read(self) -> int | None:
        """Return what is set at every boot: 0 for nothing, None for what is not ours."""
        content = _files.read(self.path)
        if content is None:
            return 0
        try:
            arguments = plistlib.loads(content)["ProgramArguments"]
            program, setting = arguments
            name, _, value = setting.partition("=")
        except (AttributeError, ExpatError, KeyError, TypeError, ValueError, plistlib.InvalidFileException):
            return None
        return int(value) if (program, name) == (SYSCTL, self.name) and value.isdigit() else None

    def write(self, value: Any) -> None:
        """Have launchd set it at every boot, or not at all."""
        if not value:
            _files.remove(self.path)
            return
        job = {
            "Label": self.label,
            "ProgramArguments": [SYSCTL, f"{self.name}={value}"],
            "RunAtLoad": True,
            "LaunchOnlyOnce": True,
        }
        _files.write(self.path, plistlib.dumps(job))
