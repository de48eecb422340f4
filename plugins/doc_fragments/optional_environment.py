# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The option of modules whose programs use something on the host while it is there."""

from __future__ import annotations


class ModuleDocFragment:
    """Environment variables, and what has to be there for them."""

    DOCUMENTATION = r"""
options:
  optional_environment:
    description:
      - Environment variables that name something on the host, such as a proxy, and would mislead where it is missing.
      - They are used while all of O(optional_environment.services) and O(optional_environment.paths) are there.
    type: dict
    suboptions:
      variables:
        description: The variables.
        type: dict
        required: true
      services:
        description: Services of this collection that must be installed.
        type: list
        elements: str
        default: []
      paths:
        description: Files that must be there.
        type: list
        elements: path
        default: []
"""
