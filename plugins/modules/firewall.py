#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: firewall
short_description: Packet filter rules that take themselves back
version_added: 0.1.0
author: The hybrid_ai.cluster contributors (@hybrid-ai)
description:
  - Brings pf on macOS or nftables on Linux to a list of rules and keeps them there over restarts. The first rule that
    matches a packet decides; what no rule matches passes.
  - With O(undo_after) rules that were never confirmed are loaded at once and taken back by the host itself, unless a
    new connection comes through, which the same task makes. Only then they become those that are loaded at boot.
  - On macOS the rules are an anchor of their own, C(com.apple/100.hybrid-ai). C(/etc/pf.conf) is not touched. A
    daemon loads them again within a minute after a restart, an update, a flush or C(pfctl -d).
  - On Linux they are a table of their own, C(inet hybrid_ai), next to those of other programs. A unit loads them
    again when C(nftables.service) is reloaded or restarted, and a timer within a minute after anything else that has
    removed them.
  - What is in effect is read back from the kernel and compared; exit statuses decide nothing.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
options:
  tables:
    description: Addresses and networks by the name of their table.
    type: dict
    default: {}
  rules:
    description: The rules, in the order in which they are asked.
    type: list
    elements: dict
    default: []
    suboptions:
      action:
        description:
          - V(reset) answers a TCP connection the way a closed port does, and drops what is not TCP. A process whose
            packet may not go out is told so at once.
        type: str
        choices: [pass, reset]
        required: true
      direction:
        description:
          - V(out) for what processes of this host send by themselves; answers to the connections of others are not
            concerned. Needs O(rules[].user) and O(rules[].protocol).
          - On macOS a connection that is open already goes on.
        type: str
        choices: [in, out]
        default: in
      interface:
        description: V(loopback) for what the host sends to itself.
        type: str
        choices: [loopback]
      protocol:
        description: The protocol, necessary with O(rules[].port).
        type: str
        choices: [tcp, udp]
      port:
        description: The port on this host, for V(out) that of the other end.
        type: int
      source:
        description: The name of a table in O(tables), for what comes in; everybody when not given.
        type: str
      destination:
        description: The name of a table in O(tables), for what goes out; everywhere when not given.
        type: str
      user:
        description: Whose processes a rule for V(out) is about, a name or a number. A name must be known to the host.
        type: str
  undo_after:
    description:
      - After how many seconds rules that were never confirmed are taken back; not at all when not given.
      - The task confirms them over a new connection, since one that is open may go on where a new one is refused. A
        host that lets none in is unreachable, and the message says when its rules are gone.
    type: int
  confirm:
    description:
      - Keep the rules that an earlier call with O(undo_after) has loaded. Give the same O(tables) and O(rules).
      - A task with O(undo_after) does so by itself.
    type: bool
    default: false
  state:
    description: V(absent) removes the rules and everything that keeps them.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Let only the management node ask for metrics
  hybrid_ai.cluster.firewall:
    tables:
      metrics: [10.66.1.10]
    rules:
      - {action: pass, interface: loopback}
      - {action: pass, protocol: tcp, port: 22}
      - {action: pass, protocol: tcp, port: 9100, source: metrics}
      - {action: reset, protocol: tcp, port: 9100}
    undo_after: 180

- name: Let a service connect to its peers only
  hybrid_ai.cluster.firewall:
    tables:
      peers: [10.66.1.11, 10.66.1.12]
    rules:
      - {action: pass, interface: loopback}
      - {action: pass, direction: out, protocol: tcp, destination: peers, user: _exo}
      - {action: reset, direction: out, protocol: tcp, user: _exo}
    undo_after: 180
"""

RETURN = r"""
undo_pending:
  description: Whether the rules are still taken back unless they are confirmed.
  returned: success
  type: bool
  sample: false
confirmed:
  description: Whether rules that waited for it have become permanent.
  returned: success
  type: bool
  sample: true
"""

import platform
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.backend import make_backend

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import Outcome


def run(module: AnsibleModule) -> dict[str, Any]:
    """Do what is asked for."""
    require_root("Managing the packet filter")
    rules = module.params["rules"]
    if module.check_mode:
        # Somebody else's task would create them before.
        unknown = change.unknown_users(rules)
        rules = [rule for rule in rules if rule["user"] not in unknown]
        for user in unknown:
            module.warn(f"The rules about the user {user} are not predicted: this host does not have the user yet.")
    wanted = change.wanted_from(module.params["tables"], rules)
    backend = make_backend(module_commands(module), platform.system(), wanted)
    outcome: Outcome
    if module.params["state"] == "absent":
        outcome = change.remove(backend, check_mode=module.check_mode)
    elif module.params["confirm"]:
        outcome = change.confirm(backend, check_mode=module.check_mode)
    else:
        outcome = change.apply(backend, module.params["undo_after"], check_mode=module.check_mode)
    for warning in outcome.warnings:
        module.warn(warning)
    return {
        "changed": outcome.changed,
        "undo_pending": outcome.undo_pending,
        "confirmed": outcome.confirmed,
        "diff": {"before": outcome.before, "after": outcome.after},
    }


def main() -> None:
    """Run the module."""
    rule = {
        "action": {"type": "str", "choices": ["pass", "reset"], "required": True},
        "direction": {"type": "str", "choices": ["in", "out"], "default": "in"},
        "interface": {"type": "str", "choices": ["loopback"]},
        "protocol": {"type": "str", "choices": ["tcp", "udp"]},
        "port": {"type": "int"},
        "source": {"type": "str"},
        "destination": {"type": "str"},
        "user": {"type": "str"},
    }
    module = AnsibleModule(
        argument_spec={
            "tables": {"type": "dict", "default": {}},
            "rules": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": rule,
                "required_by": {"port": ["protocol"]},
            },
            "undo_after": {"type": "int"},
            "confirm": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
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
