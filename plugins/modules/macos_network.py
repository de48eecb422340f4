#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: macos_network
short_description: Manage the network services of a Mac
version_added: 0.1.0
author: The hybrid_ai.cluster contributors (@hybrid-ai)
description:
  - Sets addresses, name servers, proxies, MTU, order and state of network services, ends or makes the Thunderbolt
    Bridge, and creates, switches and removes network locations.
  - Services are found by device or hardware port; their names depend on the language and on people.
  - One call reads all that is managed, writes what differs and reads it again. What does not show then is a failure.
  - What is unset is not managed.
  - A setting that networksetup describes in words nobody knows, or that could not be written back exactly, such as a
    proxy with a password, is refused and stays as it is.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
options:
  services:
    description: The services to manage. A service that is missing is created.
    type: list
    elements: dict
    default: []
    suboptions:
      device:
        description:
          - Its device, for example V(en0). Give this or O(services[].port).
          - V(auto) is the one that carries the connection, found on the host by O(connection_address).
        type: str
      port:
        description: Its hardware port, for example V(Thunderbolt 1).
        type: str
      name:
        description:
          - What a service that has to be created is called; the name of its port if unset.
          - Chooses between several services of one port. An existing service is never renamed.
        type: str
      state:
        description: V(absent) removes the service, which macOS refuses for the only one of a port.
        type: str
        choices: [present, absent]
        default: present
      enabled:
        description: Whether the service is in use.
        type: bool
      ipv4:
        description: How it gets its IPv4 address.
        type: dict
        suboptions:
          method:
            description: V(off) means no IPv4 at all.
            type: str
            choices: [manual, dhcp, "off"]
            required: true
          address:
            description: Its address, for V(manual).
            type: str
          netmask:
            description: Its netmask, for V(manual).
            type: str
          router:
            description: Its router, for V(manual). Unset means none.
            type: str
      ipv6:
        description: Whether it gives itself IPv6 addresses.
        type: str
        choices: [automatic, "off"]
      dns_servers:
        description: Name servers. An empty list leaves them to DHCP.
        type: list
        elements: str
      search_domains:
        description: Search domains. An empty list leaves them to DHCP.
        type: list
        elements: str
      web_proxy:
        description: Proxy for HTTP.
        type: dict
        suboptions: &proxy
          enabled:
            description: Whether it is used.
            type: bool
            required: true
          server:
            description: Its name or address.
            type: str
          port:
            description: Its port.
            type: int
      secure_web_proxy:
        description: Proxy for HTTPS.
        type: dict
        suboptions: *proxy
      proxy_bypass_domains:
        description: Where no proxy is used.
        type: list
        elements: str
      auto_proxy_url:
        description: Address of a proxy script. An empty one switches it off.
        type: str
      mtu:
        description: MTU of the device. More than 1500 is refused on Thunderbolt.
        type: int
  cabled_ports:
    description: Hardware ports that cables are in, as the inventory says. A Mac without one of them is refused.
    type: list
    elements: str
    default: []
  order:
    description: Devices or hardware ports whose services come first, in this order. The others keep theirs.
    type: list
    elements: str
    default: []
  location:
    description:
      - The network location to use. It is created if it is missing, with DHCP for every service, and a warning.
      - Services belong to a location, so all options act on this one.
    type: str
  location_absent:
    description: A network location to remove. If it is in use, the first other one is used, with a warning.
    type: str
  bridge:
    description: The bridge that macOS makes of all Thunderbolt ports.
    type: dict
    suboptions:
      device:
        description: Its device.
        type: str
        default: bridge0
      state:
        description:
          - V(absent) frees the ports. The bridge is destroyed and forgotten, and its service is switched off.
            A Thunderbolt port without a service gets one that is switched off, or macOS would make the bridge again
            when somebody logs in at the screen.
          - V(present) makes it of all Thunderbolt ports, and switches the services of single ports off.
          - A copy of the preferences before that is C(/var/db/hybrid-ai/network-preferences.plist).
        type: str
        choices: [present, absent]
        default: present
  record:
    description:
      - A name under which the host remembers what the settings were before the first change, for O(state=restored).
        Unset, nothing is remembered.
    type: str
  state:
    description:
      - V(restored) sets back what is remembered under O(record), where it still is as this module left it, and forgets
        it. What somebody has changed since stays, and so does a service that was created, since macOS does not remove
        the only one of a port. RV(kept) says what stays.
      - Where nothing is remembered, settings that are still as O(services) says are taken for ours and get what a new
        service has. Nothing else is changed.
    type: str
    choices: [present, restored]
    default: present
  keep:
    description: What O(state=restored) leaves as it is.
    type: list
    elements: str
    choices: [bridge]
    default: []
  undo_after:
    description:
      - Seconds after which a change of the service that carries the connection is taken back, unless a new connection
        comes through, which the same task makes. A host that lets none in is unreachable.
      - Other changes are not affected.
      - With O(connection_address) and without this, a change that takes that very address away is refused. One of the
        bridge, and the removal of a service, are refused in any case, because nothing brings them back.
      - A network location that is left stays until a later call, because it may have to be gone back to.
    type: int
  prove:
    description:
      - Commands, each a list of words, that must print something before a change is kept that O(undo_after) would take
        back. They are run over the new connection, a few times where one has nothing to say.
    type: list
    elements: list
    default: []
  confirm:
    description:
      - Keeps what would be taken back otherwise, and does nothing else. A task with O(undo_after) does so by itself.
    type: bool
    default: false
  connection_address:
    description:
      - The address of this host that the connection goes to.
      - An address that no port has is reached over the default route.
      - If unset it is taken from the session, where C(sudo) lets it through. If it cannot be known, a change of any
        service with an address counts.
    type: str
"""

EXAMPLES = r"""
- name: Give the Ethernet port a fixed address that comes back if it was wrong
  hybrid_ai.cluster.macos_network:
    services:
      - device: en0
        ipv4: {method: manual, address: 10.66.1.11, netmask: 255.255.255.0, router: 10.66.1.1}
        dns_servers: [10.66.1.10]
    undo_after: 180
    connection_address: "{{ ansible_host }}"

- name: Ask another name server, on whatever port this host is reached
  hybrid_ai.cluster.macos_network:
    services:
      - device: auto
        dns_servers: [10.66.1.10]
    undo_after: 180
    connection_address: "{{ ansible_host }}"

- name: Use two Thunderbolt cables as networks of their own
  hybrid_ai.cluster.macos_network:
    bridge: {state: absent}
    services:
      - port: Thunderbolt 1
        ipv4: {method: manual, address: 10.66.64.1, netmask: 255.255.255.252}
      - port: Thunderbolt 2
        ipv4: {method: manual, address: 10.66.64.5, netmask: 255.255.255.252}

- name: Ask the name servers from before; those of DHCP where nobody knows and the port still asks ours
  hybrid_ai.cluster.macos_network:
    services:
      - device: auto
        dns_servers: [10.66.1.10]
    record: dns_client
    state: restored
    undo_after: 180
    connection_address: "{{ ansible_host }}"

- name: Prefer Ethernet
  hybrid_ai.cluster.macos_network:
    order: [Ethernet, Thunderbolt Bridge, Wi-Fi]
"""

RETURN = r"""
changes:
  description: What was not as wanted.
  returned: success
  type: list
  elements: dict
  sample: [{service: Ethernet, setting: dns_servers, before: [], after: [10.66.1.10]}]
kept:
  description: What of the remembered settings O(state=restored) left as it is, and why.
  returned: success
  type: list
  elements: str
  sample: ["the bridge bridge0: somebody has changed it since"]
undo_pending:
  description: Whether the change is still taken back unless it is confirmed.
  returned: success
  type: bool
confirmed:
  description: Whether there was a change to keep.
  returned: with O(confirm), or where O(undo_after) had something to take back
  type: bool
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    module_commands,
    require_root,
)
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.change import Call, Change
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos_network.wanted import wanted_from

PROXY = {
    "type": "dict",
    "options": {
        "enabled": {"type": "bool", "required": True},
        "server": {"type": "str"},
        "port": {"type": "int"},
    },
}
SERVICE = {
    "device": {"type": "str"},
    "port": {"type": "str"},
    "name": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "enabled": {"type": "bool"},
    "ipv4": {
        "type": "dict",
        "options": {
            "method": {"type": "str", "choices": ["manual", "dhcp", "off"], "required": True},
            "address": {"type": "str"},
            "netmask": {"type": "str"},
            "router": {"type": "str"},
        },
        "required_if": [("method", "manual", ["address", "netmask"])],
    },
    "ipv6": {"type": "str", "choices": ["automatic", "off"]},
    "dns_servers": {"type": "list", "elements": "str"},
    "search_domains": {"type": "list", "elements": "str"},
    "web_proxy": PROXY,
    "secure_web_proxy": PROXY,
    # Its name says "pass"; it is not a password.
    "proxy_bypass_domains": {"type": "list", "elements": "str", "no_log": False},
    "auto_proxy_url": {"type": "str"},
    "mtu": {"type": "int"},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    require_root("Managing the network")
    call = Call(
        wanted=wanted_from(module.params),
        location=module.params["location"],
        location_absent=module.params["location_absent"],
        undo_after=module.params["undo_after"],
        connection_address=module.params["connection_address"],
        record=module.params["record"],
        restored=module.params["state"] == "restored",
        keep=tuple(module.params["keep"]),
    )
    change = Change(module_commands(module), call)
    if module.params["confirm"]:
        return {"changed": False, "confirmed": change.confirm(module.check_mode), "changes": [], "undo_pending": False}
    change.plan()
    if not module.check_mode:
        change.apply()
    for warning in change.warnings:
        module.warn(warning)
    return change.result()


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "services": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": SERVICE,
                "required_one_of": [("device", "port")],
            },
            "cabled_ports": {"type": "list", "elements": "str", "default": []},
            "order": {"type": "list", "elements": "str", "default": []},
            "location": {"type": "str"},
            "location_absent": {"type": "str"},
            "bridge": {
                "type": "dict",
                "options": {
                    "device": {"type": "str", "default": "bridge0"},
                    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                },
            },
            "record": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "restored"], "default": "present"},
            "keep": {"type": "list", "elements": "str", "choices": ["bridge"], "default": []},
            "undo_after": {"type": "int"},
            "prove": {"type": "list", "elements": "list", "default": []},
            "confirm": {"type": "bool", "default": False},
            "connection_address": {"type": "str"},
        },
        required_if=[("state", "restored", ["record"])],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
