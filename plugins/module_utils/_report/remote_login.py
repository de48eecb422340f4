# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Remote Login: whether SSH is started, now and at boot."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd.control import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    compare,
)

LABEL = "com.openssh.sshd"
UNITS = ("ssh.service", "sshd.service", "ssh.socket")


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare; a Mac prints the job also while Remote Login is off, so the override counts too."""
    wanted = arguments.switch("expected", True)
    if context.is_macos:
        launchd = Launchd(context.commands)
        current = launchd.job(LABEL).loaded and not launchd.disabled(LABEL)
    else:
        current = "active" in context.commands.run(["systemctl", "is-active", *UNITS]).out.split()
    return compare(current, wanted, "Turn it on at the screen: System Settings > General > Sharing > Remote Login.")


KIND = Kind("Remote Login (SSH)", measure)
