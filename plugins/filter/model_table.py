# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the table of models with every key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _models

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: model_table
short_description: The table of models with every key
version_added: 0.1.0
description:
  - Completes every entry of the table of models. Hosts that are not named are all of the backend's group.
positional: groups
options:
  _input:
    description: The entries, as in the C(cluster_models) variable of the C(cluster) role.
    type: list
    elements: dict
    required: true
  groups:
    description: Ansible's variable C(groups).
    type: dict
    required: true
seealso:
  - plugin: hybrid_ai.cluster.model_placement
    plugin_type: filter
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show the folders of all models
  ansible.builtin.debug:
    msg: "{{ cluster_models | hybrid_ai.cluster.model_table(groups) | map(attribute='folder') }}"
"""

RETURN = r"""
_value:
  description:
    - The entries in their order, each with C(name), C(aliases), C(names) (both of them), C(folder) (where its files
      lie), C(source), C(format), C(backend), C(hosts), C(min_nodes), C(context), C(parallel), C(memory_gigabytes),
      C(disk_gigabytes), C(license) and C(state). What is not said is null.
  type: list
  elements: dict
"""


def model_table(
    models: Sequence[Mapping[str, Any]] | None, groups: Mapping[str, Sequence[str]]
) -> list[dict[str, Any]]:
    """Complete the entries."""
    try:
        return _models.model_table(models, groups)
    except _models.ModelTableError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"model_table": model_table}
