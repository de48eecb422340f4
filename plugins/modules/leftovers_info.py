#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: leftovers_info
short_description: What a removal leaves on a host
version_added: 0.1.0
description:
  - Says which of the things that may be left are there, how much of the disk a folder takes, and how to remove each.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  candidates:
    description: What may be left.
    type: list
    elements: dict
    required: true
    suboptions:
      title:
        description: What it is.
        type: str
        required: true
      path:
        description: A folder or file. A folder that holds no file is not left.
        type: path
      package:
        description: A package of Debian's.
        type: str
      only_if_there_before:
        description: Whether M(hybrid_ai.cluster.distribution_package) removes the package where it was brought.
        type: bool
        default: false
      mount_point:
        description: A folder that is left only where a disk is mounted there.
        type: path
      removal:
        description: How it is removed.
        type: str
        required: true
"""

EXAMPLES = r"""
- name: Look at what stays
  hybrid_ai.cluster.leftovers_info:
    candidates:
      - title: models
        path: /opt/hybrid-ai/exo/models
        removal: sudo rm -r /opt/hybrid-ai/exo/models
      - title: package
        package: nftables
        removal: sudo apt-get purge nftables
"""

RETURN = r"""
leftovers:
  description: Those that are there, each as a sentence.
  returned: success
  type: list
  elements: str
  sample: ["models: /opt/hybrid-ai/exo/models (14.21 GB); sudo rm -r /opt/hybrid-ai/exo/models"]
"""

import os
import stat
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.formatters import bytes_to_human
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, Commands, module_commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._packages import INSTALLED, Packages

BLOCK = 512


def size(path: str) -> int | None:
    """Return how much of the disk a file, or all files of a folder, take; None where there is none."""
    top = _files.real(path)
    files = [Path(folder, name) for folder, _, names in os.walk(top) for name in names]
    found = [file.lstat() for file in files or [top] if os.path.lexists(file) and not file.is_dir()]
    return sum(status.st_blocks * BLOCK for status in found if stat.S_ISREG(status.st_mode)) if found else None


def sentence(commands: Commands, candidate: dict[str, Any], *, check_mode: bool) -> str | None:
    """Say what is there and how to remove it."""
    title, removal = candidate["title"], candidate["removal"]
    if candidate["mount_point"] is not None:
        mounted = os.path.ismount(_files.real(candidate["mount_point"]))
        return f"{title}: {candidate['mount_point']}; {removal}" if mounted else None
    if candidate["path"] is not None:
        taken = size(candidate["path"])
        return None if taken is None else f"{title}: {candidate['path']} ({bytes_to_human(taken)}); {removal}"
    packages, name = Packages(commands), candidate["package"]
    going = check_mode and candidate["only_if_there_before"] and packages.before(name) is not None
    there = packages.status(name) == INSTALLED and not going
    return f"{title}: {name}; {removal}" if there else None


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "candidates": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "title": {"type": "str", "required": True},
                    "path": {"type": "path"},
                    "package": {"type": "str"},
                    "only_if_there_before": {"type": "bool", "default": False},
                    "mount_point": {"type": "path"},
                    "removal": {"type": "str", "required": True},
                },
                "required_one_of": [("path", "package", "mount_point")],
                "mutually_exclusive": [("path", "package", "mount_point")],
            }
        },
        supports_check_mode=True,
    )
    commands = module_commands(module)
    try:
        found = [
            sentence(commands, candidate, check_mode=module.check_mode) for candidate in module.params["candidates"]
        ]
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, leftovers=[text for text in found if text])


if __name__ == "__main__":
    main()
