#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: host_sleep
short_description: Send a host to sleep that was proved to wake
version_added: 0.1.0
description:
  - The host suspends some seconds after the module has answered. That it went is seen by its silence.
  - A host that was never proved to wake, or not by this card, is left awake, which is a failure.
  - Whether anybody still needs the host is not looked at.
  - Works on macOS and on Linux with systemd.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
attributes:
  diff_mode:
    support: none
  idempotent:
    description: A host that runs this is awake, so each run sends it to sleep.
    support: none
options:
  mac_address:
    description: The card that is to wake it.
    type: str
    required: true
  proving:
    description: Whether this is the test by a person, who can wake it otherwise. It needs no proof.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Send this host to sleep
  hybrid_ai.cluster.host_sleep:
    mac_address: "1c:f6:4c:00:00:01"
"""

RETURN = r"""
boot:
  description: The identifier of this boot, which a sleep leaves as it is.
  returned: success
  type: str
  sample: 2f3a1c60-5b2e-4e0d-9d1c-0a1b2c3d4e5f
seconds:
  description: After how many seconds it goes.
  returned: success
  type: int
  sample: 3
"""

import platform
import subprocess
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import packet, proof

SECONDS = 3
"""Long enough for the answer to leave."""

SUSPEND = {"Darwin": ["/usr/bin/pmset", "sleepnow"], "Linux": ["systemctl", "suspend"]}
POWER_STATES = "/sys/power/state"


def run(module: AnsibleModule) -> dict[str, Any]:
    """See that it may, and order it."""
    options, system = module.params, platform.system()
    packet.hardware_address(options["mac_address"])
    require_root("Sending this host to sleep")
    why = None if options["proving"] else proof.missing(system, options["mac_address"])
    if why:
        raise packet.WakeError(f"This host is not sent to sleep, for {why}.")
    if system == "Linux" and b"mem" not in (_files.read(POWER_STATES) or b"").split():
        raise packet.WakeError(
            f"This host cannot suspend to memory: {POWER_STATES} does not offer mem. Remove cluster_wake."
        )
    boot = proof.boot(module_commands(module), system)
    if not module.check_mode:
        suspend_later(SUSPEND[system])
    return {"changed": True, "boot": boot, "seconds": SECONDS}


def suspend_later(argv: list[str]) -> None:
    """Leave a process behind that suspends the host when this one has ended."""
    subprocess.Popen(
        ["/bin/sh", "-c", f'sleep {SECONDS}; exec "$@"', "sh", *argv],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "mac_address": {"type": "str", "required": True},
            "proving": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
