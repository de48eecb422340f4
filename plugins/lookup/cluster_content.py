# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lookup: what the gateway's page has to know of the inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cluster_content
short_description: What the status page has to know of the inventory
version_added: 0.1.0
description:
  - Returns hosts, groups, models, cables and the service table of the whole inventory, whatever a limit says, as the
    command C(cluster) reads them. None of that is a secret.
options:
  _terms:
    description: The host that the page runs on; it is asked no question over the network.
    type: list
    elements: str
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Write what the page knows
  ansible.builtin.copy:
    content: "{{ lookup('hybrid_ai.cluster.cluster_content', inventory_hostname) | to_json }}"
    dest: /opt/hybrid-ai/etc/gateway/cluster.json
    mode: "0640"
"""

RETURN = r"""
_raw:
  description: One object for each host that is named.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cluster_content import read_content


class LookupModule(LookupBase):
    """What Ansible loads."""

    def run(self, terms: list[str], variables: Any = None, **options: Any) -> list[dict[str, Any]]:
        """Read the inventory."""
        self.set_options(var_options=variables, direct=options)
        inventory, content = read_content(variables["hostvars"], variables["groups"], self._loader)
        if not content:
            why = [problem.sentence for problem in inventory.unresolved] or ["The inventory has no host."]
            raise AnsibleLookupError(why[0])
        # Which variables the inventory sets is asked by the command alone, which can read it again.
        content["names"] = []
        return [{**content, "hosts": [_seen_from(here, host) for host in content["hosts"]]} for here in terms]


def _seen_from(here: str, host: dict[str, Any]) -> dict[str, Any]:
    own = host["name"] == here
    return {**host, "is_here": own, "ssh_port": None if own else host["ssh_port"]}
