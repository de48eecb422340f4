#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: port_check
short_description: See that a port is free for a service
version_added: 0.1.0
description:
  - Fails with the name of the process that holds the port, before anything is installed that could not start.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  port:
    description: The port.
    type: int
    required: true
  protocols:
    description: The protocols it is wanted for.
    type: list
    elements: str
    choices: [tcp, udp]
    default: [tcp]
  addresses:
    description: The addresses it is wanted at. V(0.0.0.0) means all.
    type: list
    elements: str
    default: [0.0.0.0]
  user:
    description: Processes of this user are the service itself.
    type: str
  service:
    description: What wants the port, for the message.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: See that nobody else answers DNS here
  hybrid_ai.cluster.port_check:
    port: 53
    protocols: [udp, tcp]
    addresses: [10.66.1.10]
    user: _adguard
    service: AdGuard Home
"""

RETURN = r"""
holders:
  description: Processes that hold the port, those of O(user) and of other addresses included.
  returned: always
  type: list
  elements: str
  sample: ["AdGuardHome (process 71 of user _adguard, UDP 10.66.1.10)"]
"""

import platform
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import ports

ADVICE = {
    "systemd-resolve": "Set DNSStubListener=no in /etc/systemd/resolved.conf",
    "mDNSResponder": "Turn Internet Sharing off in System Settings",
    "dnsmasq": "Stop dnsmasq, or bind it to other addresses",
    "named": "Stop named",
    "unbound": "Stop unbound",
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Look, and refuse."""
    require_root("Looking at the ports of other users")
    options = module.params
    wrong = [address for address in options["addresses"] if not ports.is_address(address)]
    if wrong:
        raise ports.PortError(f"{', '.join(wrong)} is not an address that {options['service']} could have.")
    if platform.system() == "Darwin":
        holders = ports.holders_on_macos(module_commands(module), options["port"], options["protocols"])
    else:
        holders = ports.holders_on_linux(options["port"], options["protocols"], ports.PROC)
    clashes = ports.clashes(holders, options["addresses"], options["user"])
    if clashes:
        first = clashes[0]
        advice = ADVICE.get(first.program, f"Stop {first.program}")
        raise ports.PortError(
            f"Port {options['port']} is taken by {first}; {options['service']} needs it. {advice}, or give"
            f" {options['service']} another port or address."
        )
    return {"changed": False, "holders": [str(holder) for holder in holders]}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "port": {"type": "int", "required": True},
            "protocols": {"type": "list", "elements": "str", "choices": ["tcp", "udp"], "default": ["tcp"]},
            "addresses": {"type": "list", "elements": "str", "default": ["0.0.0.0"]},  # noqa: S104 - means all
            "user": {"type": "str"},
            "service": {"type": "str", "required": True},
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
