#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: wake_proof
short_description: Remember that a host was woken by a magic packet
version_added: 0.1.0
description:
  - M(hybrid_ai.cluster.host_sleep) sends no host to sleep that has no such proof, or one for another card.
  - A host that was started anew since the given boot did not wake, which is a failure.
  - Works on macOS and Linux.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  mac_address:
    description: The card that the packets were for. Required with O(state=present).
    type: str
  seconds:
    description: How many seconds it took until the host answered. Required with O(state=present).
    type: float
  boot:
    description: The RV(hybrid_ai.cluster.host_sleep#module:boot) of before. Required with O(state=present).
    type: str
  state:
    description: V(absent) forgets the proof.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Remember that this host wakes
  hybrid_ai.cluster.wake_proof:
    mac_address: "1c:f6:4c:00:00:01"
    seconds: "{{ woken.seconds }}"
    boot: "{{ asleep.boot }}"
"""

RETURN = r"""
path:
  description: Where it is remembered on the host.
  returned: success
  type: str
  sample: /var/lib/hybrid-ai/wake-proof.json
"""

import platform
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import packet, proof


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare the boots, and write what is not there."""
    options, system = module.params, platform.system()
    require_root("Remembering that this host wakes")
    wanted = None
    if options["state"] == "present":
        packet.hardware_address(options["mac_address"])
        now = proof.boot(module_commands(module), system)
        if now != options["boot"]:
            raise packet.WakeError(
                "This host was started anew instead of woken: it did not sleep, or did not survive it."
            )
        wanted = proof.Proof(options["mac_address"], options["seconds"])
    before = proof.read(system)
    if before != wanted and not module.check_mode:
        proof.write(system, wanted)
        if proof.read(system) != wanted:
            raise packet.WakeError(
                f"{proof.path(system)} does not hold what was written; see whether its disk is full."
            )
    difference = {"before": f"{before}\n", "after": f"{wanted}\n"}
    return {"changed": before != wanted, "path": proof.path(system), "diff": difference}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "mac_address": {"type": "str"},
            "seconds": {"type": "float"},
            "boot": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ("mac_address", "seconds", "boot"))],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
