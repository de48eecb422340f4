# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: what to measure of the models that lie on a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOCUMENTATION = r"""
name: model_checks
short_description: What to measure of the models that lie on a host
version_added: 0.1.0
description:
  - Lists checks of M(hybrid_ai.cluster.node_report) for the files of the models that the host serves.
positional: host, directory, state_directory
options:
  _input:
    description: The models, as P(hybrid_ai.cluster.model_table#filter) returns them.
    type: list
    elements: dict
    required: true
  host:
    description: The host.
    type: str
    required: true
  directory:
    description: Where models lie on the host.
    type: path
    required: true
  state_directory:
    description: Where the host remembers the disk that they lie on.
    type: path
    required: true
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Measure the models of this host
  hybrid_ai.cluster.node_report:
    checks: "{{ models | hybrid_ai.cluster.model_checks(inventory_hostname, '/opt/models', '/opt/hybrid-ai/etc') }}"
"""

RETURN = r"""
_value:
  description: Entries for the C(checks) option.
  type: list
  elements: dict
"""


def model_checks(
    models: Sequence[Mapping[str, Any]], host: str, directory: str, state_directory: str
) -> list[dict[str, Any]]:
    """Return a check for each model that has to lie on the host to be served."""
    return [
        {
            "capability": "model_files",
            "check": "model_files",
            "model": model["name"],
            "directory": directory,
            "state_directory": state_directory,
            "folder": model["folder"],
            "revision": model["source"].get("revision"),
        }
        for model in models
        if model["state"] == "present" and host in model["hosts"]
    ]


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"model_checks": model_checks}
