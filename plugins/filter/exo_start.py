# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filter: how a version of exo is started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._exo.versions import exo_start

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTATION = r"""
name: exo_start
short_description: How a version of exo is started
version_added: 0.1.0
description:
  - Returns the options and environment variables that a version of exo takes, which differ between versions.
positional: releases
options:
  _input:
    description: The version.
    type: str
    required: true
  releases:
    description:
      - The role's variable C(exo_releases).
      - The key C(starts_like) of an entry names the known version that a newer one is started like.
    type: dict
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
"""

EXAMPLES = r"""
- name: Show which option sets the port between nodes
  ansible.builtin.debug:
    msg: "{{ (exo_version | hybrid_ai.cluster.exo_start(exo_releases)).peers_option }}"
"""

RETURN = r"""
_value:
  description:
    - C(problem) is a sentence where it is not known how the version is started, else empty.
    - C(commit) is the hash of its tag, C(peers_option), C(bootstrap_option), C(namespace_variable), C(models_variable)
      and C(read_only_variable) are names, C(python) is the series that its sources need, C(discovery) is for people. Of
      an unknown version they are those of the newest known one.
  type: dict
"""


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by name."""
        return {"exo_start": exo_start}
