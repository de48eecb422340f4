# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where testinfra finds the hosts of a lab."""

from __future__ import annotations

import os

from lab import sites


def lab_hosts(*names: str) -> list[str]:
    """Return the hosts as testinfra names them: over the lab's SSH configuration, as root."""
    configuration = f"/run/hybrid-lab/{os.environ.get('LAB_NAME', 'olab')}/ssh_config"
    return [f"ssh://{name}?ssh_config={configuration}&sudo=true" for name in names]


def package_site() -> str:
    """Return the host this machine has its Debian packages from: a name of the internet that the lab surely knows."""
    return sites.read(os.environ.get("LAB_NAME", "olab"))["debian"]
