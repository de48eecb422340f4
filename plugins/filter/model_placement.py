# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: on how many hosts each model is served, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_placement import model_placement

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: model_placement
short_description: On how many hosts each model is served, and why
version_added: 0.1.0
description:
  - Works it out from what the inventory says of the memory of hosts and models; what it does not say stays unknown.
positional: groups, memory, kept
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
  memory:
    description: The memory of each host in units of 2^30 bytes, 0 where it is not known.
    type: dict
    required: true
  kept:
    description: What of it a Mac keeps for the system, none where the inventory does not say so.
    type: dict
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show on how many Macs a model is spread
  ansible.builtin.debug:
    msg: "{{ cluster_models | hybrid_ai.cluster.model_placement(groups, {'mini1': 16, 'mini2': 16}) }}"
"""

RETURN = r"""
_value:
  description: The models in their order, each with C(nodes) (on how many of its hosts) and C(why) beside its keys.
  type: list
  elements: dict
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"model_placement": model_placement}
