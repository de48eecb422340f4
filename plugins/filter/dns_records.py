# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the names of the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _dns_records

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: dns_records
short_description: The names of the cluster
version_added: 0.1.0
description:
  - Lists every host and every service that has a C(dns) name under the domain of the cluster, with its addresses, and
    the name of every address.
positional: groups, addresses, domain
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
    description: The IPv4 address of each host.
    type: dict
    required: true
  domain:
    description: The domain of the cluster.
    type: str
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show every name of the cluster
  ansible.builtin.debug:
    msg: >-
      {{ __cluster_services | hybrid_ai.cluster.dns_records(
           groups, dict(groups.all | zip(groups.all | map('extract', hostvars, 'ansible_host'))), cluster_domain) }}
"""

RETURN = r"""
_value:
  description:
    - C(names), a list of mappings with C(name) and C(address); a service on several hosts has several.
    - C(reverse), a list of mappings with C(address) and C(name), one for each host.
  type: dict
"""


def dns_records(
    table: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    addresses: Mapping[str, str],
    domain: str,
) -> dict[str, list[dict[str, str]]]:
    """List all names."""
    try:
        return _dns_records.dns_records(table, groups, addresses, domain)
    except _dns_records.RecordsError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"dns_records": dns_records}
