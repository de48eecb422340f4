# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the hosts that the gateway wakes and sends to sleep, by what sleeps and wakes as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._gateway_groups import gateway_groups

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: gateway_groups
short_description: The hosts that the gateway wakes and sends to sleep
version_added: 0.1.0
description:
  - Puts hosts that may sleep and that serve a model into groups that sleep and wake as one, as the configuration of the
    gateway has them.
  - All hosts of exo are one group; every other host is one of its own.
positional: models
options:
  _input:
    description:
      - What is known of each host that may sleep, by its name.
      - C(address) and C(mac_address); where they are not the gateway's defaults C(port), C(interface), C(broadcast),
        C(secure_on), C(awake_minutes), C(wake_seconds), and the lists C(quiet) and C(warm).
      - A group with C(idle_minutes) for each of its hosts is sent to sleep after the longest of them, and no other is.
    type: dict
    required: true
  models:
    description: The models, as P(hybrid_ai.cluster.model_table#filter) returns them.
    type: list
    elements: dict
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show who sleeps together
  ansible.builtin.debug:
    msg: "{{ {'gpu1': {'address': '192.168.1.20', 'mac_address': 'a8:5e:45:00:00:21', 'idle_minutes': 30}}
             | hybrid_ai.cluster.gateway_groups(models) }}"
"""

RETURN = r"""
_value:
  description: For each group C(name), C(hosts), and what was given of it in the gateway's own words.
  type: list
  elements: dict
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"gateway_groups": gateway_groups}
