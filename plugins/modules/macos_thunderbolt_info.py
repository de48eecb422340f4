#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_thunderbolt_info
short_description: Thunderbolt ports of a Mac and what is plugged in
version_added: 0.1.0
description:
  - Reports each Thunderbolt port with its network device and, where a cable leads to another Mac, that Mac's domain.
  - Compare RV(ports[].peer_domain_uuid) with RV(ports[].domain_uuid) of the other Mac to prove that a cable is where
    the inventory says.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options: {}
"""

EXAMPLES = r"""
- name: See which cables are plugged in
  hybrid_ai.cluster.macos_thunderbolt_info:
  register: thunderbolt
"""

RETURN = r"""
ports:
  description: The ports in the order of their numbers.
  returned: success
  type: list
  elements: dict
  contains:
    receptacle:
      description: Number of the port.
      type: int
      sample: 1
    device:
      description: Network device behind the port; null where it has none.
      type: str
      sample: en2
    connected:
      description: Whether something is plugged in.
      type: bool
      sample: true
    speed:
      description: Speed as macOS words it. C(Up to) marks what the port can do while nothing is plugged in.
      type: str
      sample: 40 Gb/s
    speed_gigabits:
      description: Speed of the link in gigabits a second; null while nothing is plugged in.
      type: int
      sample: 40
    capability_gigabits:
      description: Speed the port can do in gigabits a second; known only while nothing is plugged in.
      type: int
      sample: 120
    domain_uuid:
      description: This Mac's Thunderbolt domain behind the port.
      type: str
      sample: 3D589BC7-F32A-4054-BE1A-F8253AD4FE51
    peer_domain_uuid:
      description: Thunderbolt domain at the other end of the cable; null unless another Mac is there.
      type: str
      sample: 0E6A7C55-1C34-4A0E-9BB5-4F3E4F3A6A10
    peer_model:
      description: Model identifier of the Mac at the other end.
      type: str
      sample: Mac16,10
    peer_name:
      description: Model name of the Mac at the other end.
      type: str
      sample: Mac mini
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import thunderbolt


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    try:
        ports = thunderbolt.read(module_commands(module))
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, ports=[port.as_dict() for port in ports])


if __name__ == "__main__":
    main()
