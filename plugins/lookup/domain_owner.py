# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lookup: whether names in a domain are already those of somebody on the internet."""

from __future__ import annotations

DOCUMENTATION = r"""
name: domain_owner
short_description: Whether names in a domain are those of somebody on the internet
version_added: 0.1.0
description:
  - Asks the resolver of the controller for the domain and for hosts in it, for two seconds at most.
  - Returns a sentence that says whose they are, or an empty text where they are nobody's, or nobody answers.
options:
  _terms:
    description: The domains.
    type: list
    elements: str
    required: true
  hosts:
    description: The names of the hosts that are to be in it.
    type: list
    elements: str
    default: []
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Check whose the domain is
  ansible.builtin.assert:
    that: lookup('hybrid_ai.cluster.domain_owner', cluster_domain, hosts=groups['all']) == ''
"""

RETURN = r"""
_raw:
  description: A sentence for each domain, or an empty text.
  type: list
  elements: str
"""

from typing import Any

from ansible.plugins.lookup import LookupBase
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._domain_owner import owner_fault


class LookupModule(LookupBase):
    """What Ansible loads."""

    def run(self, terms: list[str], variables: Any = None, **options: Any) -> list[str]:
        """Ask about each domain."""
        self.set_options(var_options=variables, direct=options)
        return [owner_fault(str(term).lower(), map(str, self.get_option("hosts"))) for term in terms]
