#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: macos_time_machine
short_description: Automatic Time Machine backups of a Mac
version_added: 0.1.0
description:
  - Turns automatic backups on or off with C(tmutil) and reads the stored switch back.
  - macOS lets only programs with Full Disk Access do this. For SSH that is one switch in System Settings, and the error
    message says which.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
  - hybrid_ai.cluster.attributes.macos
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  automatic:
    description: Whether backups run by themselves.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: A worker is rebuilt, not backed up
  hybrid_ai.cluster.macos_time_machine:
    automatic: false
"""

RETURN = r"""
automatic:
  description: Whether backups run by themselves.
  returned: success
  type: bool
  sample: false
"""

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import time_machine
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import run_module


def main() -> None:
    """Run the module."""
    run_module(
        "Managing Time Machine",
        {"automatic": {"type": "bool", "required": True}},
        time_machine.manage,
    )


if __name__ == "__main__":
    main()
