# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: which services each host runs, and where they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _service_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: service_endpoints
short_description: Which services each host runs, and where they answer
version_added: 0.1.0
description:
  - Turns the service table into one list of endpoints per host.
  - What only the management node may reach, and runs there, is at its loopback address.
positional: groups, addresses
options:
  _input:
    description: The table as P(hybrid_ai.cluster.service_table#filter) returns it.
    type: dict
    required: true
  groups:
    description: The hosts of each inventory group.
    type: dict
    required: true
  addresses:
    description: The address of each host; without it no health URL is given.
    type: dict
    default: {}
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show the services of this host
  ansible.builtin.debug:
    msg: >-
      {{ (cluster_services | hybrid_ai.cluster.service_table(cluster_service_overrides)
          | hybrid_ai.cluster.service_endpoints(groups, {inventory_hostname: ansible_host}))[inventory_hostname] }}
"""

RETURN = r"""
_value:
  description:
    - For each host a list of mappings with C(service), C(port), C(protocol), C(address), C(health_url) and
      C(health_status).
  type: dict
"""


def service_endpoints(
    table: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    addresses: Mapping[str, str] | None = None,
) -> dict[str, list[dict[str, Any]]]:
    """List the endpoints of each host."""
    return _service_table.service_endpoints(table, groups, addresses)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"service_endpoints": service_endpoints}
