# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the service table with its overrides applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _service_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DOCUMENTATION = r"""
name: service_table
short_description: The service table with its overrides applied
version_added: 0.1.0
description:
  - Completes every entry of the service table, and replaces the single values that an inventory wants different.
positional: overrides
options:
  _input:
    description: The entries by service name, as in the C(cluster_services) variable of the C(cluster) role.
    type: dict
    required: true
  overrides:
    description: Single values to replace, by service name.
    type: dict
    default: {}
seealso:
  - plugin: hybrid_ai.cluster.service_endpoints
    plugin_type: filter
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show the port of the exo API
  ansible.builtin.debug:
    msg: "{{ (cluster_services | hybrid_ai.cluster.service_table(cluster_service_overrides)).exo.port }}"
"""

RETURN = r"""
_value:
  description:
    - Entries by service name, each with C(name), C(description), C(capability), C(group), C(port), C(protocol),
      C(from), C(dns), C(metrics), C(metrics_key), C(metrics_params), C(metrics_models), C(health), C(shared), C(login)
      and C(hidden).
  type: dict
"""


def service_table(services: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """Complete the table."""
    try:
        return _service_table.service_table(services, overrides)
    except _service_table.ServiceTableError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"service_table": service_table}
