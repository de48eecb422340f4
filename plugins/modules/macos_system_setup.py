#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_system_setup
short_description: Clock and restart settings of a Mac
version_added: 0.1.0
description:
  - Manages settings of C(systemsetup). The tool exits with 0 on failure and prints errors on success, so each value is
    judged by reading it back.
  - A setting that this Mac does not have is named in a warning and in RV(unsupported).
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  restart_on_freeze:
    description: Whether the Mac restarts by itself when it has stopped responding. Unset means not managed.
    type: bool
  network_time:
    description: Whether the clock follows a time server. Unset means not managed.
    type: bool
  network_time_server:
    description: The time server. Unset means not managed.
    type: str
  time_zone:
    description: Name of the time zone, as listed by C(systemsetup -listtimezones). Unset means not managed.
    type: str
"""

EXAMPLES = r"""
- name: One clock for the whole cluster
  hybrid_ai.cluster.macos_system_setup:
    network_time: true
    network_time_server: time.apple.com
    time_zone: Europe/Berlin
    restart_on_freeze: true
"""

RETURN = r"""
settings:
  description: The managed settings, read back.
  returned: success
  type: dict
  sample: {"network_time": true, "time_zone": "Europe/Berlin"}
unsupported:
  description: Wanted settings that this Mac does not have.
  returned: success
  type: list
  elements: str
  sample: [restart_on_freeze]
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import system_setup
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Managing system settings",
        {
            "restart_on_freeze": {"type": "bool"},
            "network_time": {"type": "bool"},
            "network_time_server": {"type": "str"},
            "time_zone": {"type": "str"},
        },
        system_setup.manage,
    )


if __name__ == "__main__":
    main()
