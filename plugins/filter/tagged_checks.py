# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: the checks that a run with tags is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._tags import is_chosen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

DOCUMENTATION = r"""
name: tagged_checks
short_description: The checks that a run with tags is about
version_added: 0.1.0
description:
  - Keeps the checks of the capabilities that the tags of a run choose and that its skipped tags do not leave out.
  - Which tags mean a capability is read from the playbooks of this collection.
  - A check with C(needs) is kept where the tags choose all of those capabilities as well, and comes back without it.
    So a run of one part says nothing about another one that may not be there yet.
positional: run_tags, skip_tags
options:
  _input:
    description: Checks as M(hybrid_ai.cluster.node_report) takes them.
    type: list
    elements: dict
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
- name: Measure what this run is about
  hybrid_ai.cluster.node_report:
    checks: "{{ checks | hybrid_ai.cluster.tagged_checks(ansible_run_tags, ansible_skip_tags) }}"
"""

RETURN = r"""
_value:
  description: The checks that are left.
  type: list
  elements: dict
"""


def tagged_checks(
    checks: Iterable[Mapping[str, Any]], run_tags: Iterable[str], skip_tags: Iterable[str] = ()
) -> list[Mapping[str, Any]]:
    """Keep the checks that the tags choose."""
    run_tags, skip_tags = list(run_tags), list(skip_tags)
    return [
        {key: value for key, value in check.items() if key != "needs"}
        for check in checks
        if all(is_chosen(name, run_tags, skip_tags) for name in (check["capability"], *check.get("needs", ())))
    ]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"tagged_checks": tagged_checks}
