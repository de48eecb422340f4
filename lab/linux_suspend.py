# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How a Linux host suspends: its systemd does what it does elsewhere, and the lab is told in the place of the kernel.

`/sys/power/state` is this machine's kernel's; hosts have a file of their own in its place, where the kernel has one.
What writes `mem` there on a real host leaves an order instead, and goes on when the host does.
"""

from __future__ import annotations

from pathlib import Path

STATES = Path("/sys/power/state")
OFFERED = "freeze mem\n"
ORDER = "var/lib/hybrid-lab-sleep"
"""The order, on the host's disk; who obeys it removes it first."""

_UNIT = f"""[Service]
ExecStart=
ExecStart=/bin/sh -c ': > /{ORDER}; while [ -e /{ORDER} ]; do sleep 0.1; done'
"""

FILES: dict[str, tuple[str, int]] = {"etc/systemd/system/systemd-suspend.service.d/hybrid-lab.conf": (_UNIT, 0o644)}
"""Text and mode of each by its place on the disk."""


def binding(directory: Path) -> list[str]:
    """Return the options of systemd-nspawn that give a host its own list of power states, kept in a directory."""
    if not STATES.exists():
        return []
    own = directory / "power-states"
    own.write_text(OFFERED, encoding="ascii")
    return [f"--bind={own}:{STATES}"]
