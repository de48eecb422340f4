#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: wake_on_lan
short_description: Wake a host over the network, and wait until it answers
version_added: 0.1.0
description:
  - Sends a magic packet every half second until the host answers. It goes to the broadcast address of the host's
    network, to V(255.255.255.255) and to the host itself, from every interface of this machine that is in that network.
    A host that answers at once is awake, and gets none.
  - The host is asked on a new connection each time. It fails with what is missing when the time has passed.
  - Runs on a machine in the host's network, Linux or macOS, and needs no rights of root's. On macOS 15 and later, a
    program that a user's launchd agent starts may not send in the local network. A shell, SSH and a daemon may.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  mac_address:
    description: The hardware address of the host's card, as six pairs of hexadecimal digits with colons.
    type: str
    required: true
  address:
    description: The host's IPv4 address, or a name that stands for one.
    type: str
    required: true
  interface:
    description: The interface to send from. Unset, every one in the host's network.
    type: str
  source:
    description: The IPv4 address of this machine to send from. Unset, that of each interface.
    type: str
  broadcast:
    description:
      - The broadcast address of the host's network. Unset, that of the interface's.
      - For a host behind a router it has to be given, and the router has to pass such packets on. Without it only the
        host itself is sent to.
    type: str
  secure_on:
    description: The password that a card with SecureOn wants, written like O(mac_address).
    type: str
  port:
    description: The TCP port that shows that the host is awake.
    type: int
    default: 22
  greeting:
    description: What the program at the port says first of all. Unset, a connection is enough.
    type: str
  path:
    description: What is asked for by HTTP at the port. The status has to be 200.
    type: str
  timeout:
    description: Seconds within which the host has to answer.
    type: int
    default: 180
"""

EXAMPLES = r"""
- name: Wake a Mac, and wait until it lets people in
  hybrid_ai.cluster.wake_on_lan:
    mac_address: "1c:f6:4c:00:00:01"
    address: 10.66.1.11
    greeting: SSH-
  delegate_to: localhost

- name: Wake a machine in another network, and wait until it serves models
  hybrid_ai.cluster.wake_on_lan:
    mac_address: "a8:5e:45:00:00:21"
    address: 10.66.2.21
    broadcast: 10.66.2.255
    port: 8080
    path: /health
    timeout: 300
  delegate_to: localhost
"""

RETURN = r"""
awake:
  description: Whether the host answered. In check mode, whether it is awake already.
  returned: success
  type: bool
  sample: true
seconds:
  description: After how many seconds it answered; null in check mode, when it did not.
  returned: success
  type: float
  sample: 12.5
packets:
  description: How many magic packets were sent.
  returned: always
  type: int
  sample: 75
ways:
  description: From which interface to which addresses they go; empty where the host was awake.
  returned: always
  type: list
  elements: str
  sample: ["eth0 (10.66.1.10) to 10.66.1.255, 255.255.255.255 and 10.66.1.11"]
"""

import platform
import socket
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake import packet, waking, ways
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake.answer import Question
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake.packet import WakeError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._wake.sender import Sender

DIFFERENCE = {"before": "no answer\n", "after": "awake\n"}
LOCAL_NETWORK = (
    " On macOS 15 and later this is also what a program that a launchd agent starts is told; start it from a daemon."
)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Ask, send and wait."""
    options, system = module.params, platform.system()
    if not 0 < options["port"] < 65536:
        raise WakeError(f"port is {options['port']}: write a number from 1 to 65535.")
    if options["timeout"] < 1:
        raise WakeError(f"timeout is {options['timeout']}: write seconds, at least 1.")
    if options["path"] is not None and not options["path"].startswith("/"):
        raise WakeError(f"path is {options['path']!r}: begin it with a slash, such as /health.")
    secret = packet.password(options["secure_on"]) if options["secure_on"] else b""
    magic = packet.magic_packet(packet.hardware_address(options["mac_address"]), secret)
    address = resolve(options["address"])
    question = Question(address, options["port"], options["greeting"], options["path"])
    if question.complaint() is None:
        return {"changed": False, "awake": True, "seconds": 0.0, "packets": 0, "ways": []}
    wish = ways.Wish(options["interface"], options["source"], options["broadcast"])
    found = ways.ways(module_commands(module), system, address, wish)
    said = [str(way) for way in found]
    if module.check_mode:
        predicted = {"awake": False, "seconds": None, "packets": 0, "ways": said}
        return {"changed": True, "diff": DIFFERENCE, **predicted}
    sender = Sender(system, found)
    attempt = waking.wake(question.complaint, lambda: sender.send(magic), options["timeout"])
    report = {"packets": sender.sent, "ways": said}
    if attempt.missing is not None:
        module.fail_json(msg=failure(options, question, attempt, sender), **report)
    for where, error in sender.errors.items():
        module.warn(f"A magic packet could not be sent from {where}: {error}.")
    seconds = round(attempt.seconds, 1)
    return {"changed": True, "diff": DIFFERENCE, "awake": True, "seconds": seconds, **report}


def resolve(host: str) -> str:
    """Return the IPv4 address that a name stands for."""
    try:
        return str(socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0])
    except (OSError, UnicodeError):
        raise WakeError(f"address is {host!r}, which stands for no IPv4 address here; write the host's own.") from None


def failure(options: dict[str, Any], question: Question, attempt: waking.Attempt, sender: Sender) -> str:
    """Say what is missing, what was tried and what to look at."""
    refused = "; ".join(f"{where}: {error}" for where, error in sender.errors.items())
    if not sender.sent:
        advice = LOCAL_NETWORK if platform.system() == "Darwin" else ""
        return f"No magic packet could be sent to {options['address']} ({refused}).{advice}"
    lost = f", and some could not be ({refused})" if refused else ""
    return (
        f"{options['address']} did not answer within {options['timeout']} seconds at {question}: {attempt.missing}."
        f" {sender.sent} magic packets were sent for {options['mac_address']}{lost}. See that it has power and its"
        " cable, that this is the hardware address of that card, and that its settings let the card wake it."
    )


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "mac_address": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "interface": {"type": "str"},
            "source": {"type": "str"},
            "broadcast": {"type": "str"},
            "secure_on": {"type": "str", "no_log": True},
            "port": {"type": "int", "default": 22},
            "greeting": {"type": "str"},
            "path": {"type": "str"},
            "timeout": {"type": "int", "default": 180},
        },
        mutually_exclusive=[("greeting", "path")],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error), packets=0, ways=[])
    module.exit_json(**result)


if __name__ == "__main__":
    main()
