# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: pages that people open by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _web_services

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: web_services
short_description: Pages that people open by name
version_added: 0.1.0
description:
  - Lists the services that have a C(dns) name and a C(health) check by HTTP, with the address that a person types.
  - The web front, the service C(haproxy) of the table, serves those that run where it does, and that either are open
    to all whom it lets in or have C(login) V(front), for which it asks for a password itself; their addresses have no
    port.
positional: groups, domain, front
options:
  _input:
    description: The table as P(hybrid_ai.cluster.service_table#filter) returns it.
    type: dict
    required: true
  groups:
    description: The hosts of each inventory group.
    type: dict
    required: true
  domain:
    description: The domain of the cluster.
    type: str
    required: true
  front:
    description: Whether there is a web front.
    type: bool
    default: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show where Grafana is
  ansible.builtin.debug:
    msg: "{{ (__cluster_services | hybrid_ai.cluster.web_services(groups, cluster_domain)).grafana.url }}"
"""

RETURN = r"""
_value:
  description:
    - By service a mapping with C(service), C(label) (its name without the domain), C(name), C(front) (whether the web
      front serves it), C(login) (whether the front asks for a password), C(url), and C(health), a mapping of C(url) and
      the C(status) of an answer to somebody without a password.
  type: dict
"""


def web_services(
    table: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]], domain: str, front: bool = True
) -> dict[str, dict[str, Any]]:
    """List the pages."""
    return _web_services.web_services(table, groups, domain, front)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"web_services": web_services}
