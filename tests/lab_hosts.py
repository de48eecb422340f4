# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where testinfra finds the hosts of a lab."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from lab import sites

if TYPE_CHECKING:
    from testinfra.host import Host


def lab_hosts(*names: str) -> list[str]:
    """Return the hosts as testinfra names them: over the lab's SSH configuration, as root.

    Their connections are kept for these tests: a new one for each command takes ten times as long.
    """
    directory = f"/run/hybrid-lab/{os.environ.get('LAB_NAME', 'olab')}"
    options = f"ssh_config={directory}/ssh_config&controlpath={directory}/tests-{os.getpid()}-%n&sudo=true"
    return [f"ssh://{name}?{options}" for name in names]


def close(host: Host) -> None:
    """End the kept connection of a host, which lost its power since."""
    argv = ["ssh", "-F", host.backend.ssh_config, "-o", f"ControlPath={host.backend.controlpath}", "-O", "exit"]
    subprocess.run([*argv, host.backend.host.name], capture_output=True, check=False)


def package_site() -> str:
    """Return the host this machine has its Debian packages from: a name of the internet that the lab surely knows."""
    return sites.read(os.environ.get("LAB_NAME", "olab"))["debian"]
