# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the models of the gateway, and who answers each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._gateway import gateway_models

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: gateway_models
short_description: The models of the gateway, and who answers each
version_added: 0.1.0
description:
  - Lists the models of the table that a host serves, as the configuration of the gateway has them.
positional: groups, services, addresses, queue
options:
  _input:
    description: The models, as P(hybrid_ai.cluster.model_table#filter) returns them.
    type: list
    elements: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  services:
    description: The service table, as P(hybrid_ai.cluster.service_table#filter) returns it.
    type: dict
    required: true
  addresses:
    description: The IP address of each host.
    type: dict
    required: true
  queue:
    description: How many requests may wait for a place at a model.
    type: int
    required: true
  sleeping:
    description: The groups of hosts that sleep, as P(hybrid_ai.cluster.gateway_groups#filter) returns them.
    type: list
    elements: dict
    default: []
  direct:
    description: Whether HAProxy may send requests straight to a backend.
    type: bool
    default: false
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show who answers which model
  ansible.builtin.debug:
    msg: >-
      {{ cluster_models | hybrid_ai.cluster.model_table(groups)
         | hybrid_ai.cluster.gateway_models(groups, services, {'gpu1': '192.168.1.20'}, 100) }}
"""

RETURN = r"""
_value:
  description: >-
    For each model C(name), C(aliases), C(members), C(queue), and where known C(context) and C(slots); C(direct) is the
    name of HAProxy's backend for a model whose requests it may pass on by itself.
  type: list
  elements: dict
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"gateway_models": gateway_models}
