#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_spotlight
short_description: Spotlight indexing of volumes
version_added: 0.1.0
description:
  - Turns indexing of volumes on or off with C(mdutil) and reads it back, because C(mdutil) always exits with 0.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  volumes:
    description: Where the volumes are mounted.
    type: list
    elements: str
    default: [/]
  indexing:
    description: Whether the volumes are indexed.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: A server needs no search index
  hybrid_ai.cluster.macos_spotlight:
    indexing: false
"""

RETURN = r"""
indexing:
  description: For each volume, whether it is indexed.
  returned: success
  type: dict
  sample: {"/": false}
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import spotlight
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Managing Spotlight",
        {
            "volumes": {"type": "list", "elements": "str", "default": ["/"]},
            "indexing": {"type": "bool", "required": True},
        },
        spotlight.manage,
    )


if __name__ == "__main__":
    main()
