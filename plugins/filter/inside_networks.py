# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the networks that lie inside a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.rule import FirewallRulesError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _inside_networks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DOCUMENTATION = r"""
name: inside_networks
short_description: Networks that lie inside a site
version_added: 0.1.0
description:
  - Lists what a proxy must not lead into - every network in which the internet has nobody (private, link-local,
    loopback, multicast, reserved, for IPv4 and IPv6, and where a translator leads to them), the LAN, and the networks
    of hosts that lie outside of it.
positional: hosts, without
options:
  _input:
    description: The networks of the LAN.
    type: list
    elements: str
    required: true
  hosts:
    description: Addresses of hosts; one outside of the LAN stands for the /24, or for IPv6 the /64, around it.
    type: list
    elements: str
    default: []
  without:
    description: Addresses and networks to leave out.
    type: list
    elements: str
    default: []
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show what the cache leads nobody into
  ansible.builtin.debug:
    msg: "{{ ['192.168.1.0/24'] | hybrid_ai.cluster.inside_networks(without=['192.168.1.9']) }}"
"""

RETURN = r"""
_value:
  description: Addresses and networks, none of which contains another.
  type: list
  elements: str
"""


def inside_networks(lan: Sequence[str], hosts: Sequence[str] = (), without: Sequence[str] = ()) -> list[str]:
    """Return the networks, and what is wrong with one as an error of the filter."""
    try:
        return _inside_networks.inside_networks(lan, hosts, without)
    except FirewallRulesError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"inside_networks": inside_networks}
