# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: what a run of the playbook uninstall removes from each host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _removal

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: removed_capabilities
short_description: What a run of the playbook uninstall removes from each host
version_added: 0.1.0
description:
  - Which capabilities there are, from which group of hosts each is removed, and under which tags, is read from the
    playbook.
positional: hosts, run_tags, skip_tags
options:
  _input:
    description: Ansible's variable C(groups).
    type: dict
    required: true
  hosts:
    description: The hosts of the run.
    type: list
    elements: str
    required: true
  run_tags:
    description: Ansible's variable C(ansible_run_tags).
    type: list
    elements: str
    required: true
  skip_tags:
    description: Ansible's variable C(ansible_skip_tags).
    type: list
    elements: str
    default: []
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show what is to be removed
  ansible.builtin.debug:
    msg: >-
      {{ groups | hybrid_ai.cluster.removed_capabilities(ansible_play_hosts_all, ansible_run_tags, ansible_skip_tags) }}
"""

RETURN = r"""
_value:
  description: The names of the capabilities by host, in the order in which they are removed.
  type: dict
  sample: {mini1: [node_exporter, exo]}
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """Return the filter by name."""
        return {"removed_capabilities": _removal.removed_capabilities}
