# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: over which addresses each exo worker reaches every other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._firewall_rules import exo_paths

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: exo_paths
short_description: Over which addresses each exo worker reaches every other
version_added: 0.1.0
description:
  - Lists for each pair of exo workers, in both directions, the addresses at which one finds the other's API when exo is
    kept to Thunderbolt where it joins two workers.
positional: addresses, plans
options:
  _input:
    description: The names of the exo workers.
    type: list
    elements: str
    required: true
  addresses:
    description: The LAN address of each host.
    type: dict
    required: true
  plans:
    description: The Thunderbolt plan of each host, as P(hybrid_ai.cluster.thunderbolt_plan#filter) returns it.
    type: dict
    required: true
  exo_over_thunderbolt:
    description: Whether exo is kept to Thunderbolt between workers that it joins.
    type: bool
    default: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show where this worker asks the others
  ansible.builtin.debug:
    msg: >-
      {{ groups.exo | hybrid_ai.cluster.exo_paths(addresses, plans) | selectattr('source', '==', inventory_hostname) }}
"""

RETURN = r"""
_value:
  description:
    - Mappings of C(source), C(sink), C(thunderbolt) (whether Thunderbolt joins them), C(addresses) (those at which the
      sink answers, the first being the one to use) and C(own) (the source's own address on the way to the first).
  type: list
  elements: dict
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"exo_paths": exo_paths}
