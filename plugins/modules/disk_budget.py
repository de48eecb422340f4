#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: disk_budget
short_description: Check that a disk really has the room that something is given
version_added: 0.1.0
description:
  - Fails with one sentence unless what is free, with what a directory holds already, is as much as its budget and a
    reserve for everything else.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  path:
    description: The directory; where it does not exist yet, the disk it will be on is looked at.
    type: path
    required: true
  gigabytes:
    description: What it may grow to, in units of 2^30 bytes.
    type: int
    required: true
  reserve_gigabytes:
    description: What has to stay free beside it.
    type: int
    default: 0
  variable:
    description: The variable to name in the sentence.
    type: str
    default: gigabytes
"""

EXAMPLES = r"""
- name: See that the disk has what the cache may use
  hybrid_ai.cluster.disk_budget:
    path: /opt/hybrid-ai/squid/cache
    gigabytes: 100
    reserve_gigabytes: 10
    variable: squid_cache_gigabytes
"""

RETURN = r"""
free_gigabytes:
  description: What is free on the disk.
  returned: success
  type: float
  sample: 812.4
used_gigabytes:
  description: What the directory holds.
  returned: success
  type: float
  sample: 3.1
"""

import contextlib
import os
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from pathlib import Path

GIGABYTE = 1 << 30


class BudgetError(ClusterError):
    """A disk has less room than something is given."""


def used_bytes(directory: Path) -> int:
    """Return what the files below a directory take on the disk, while other programs add and remove some."""
    total = 0
    for root, _, names in os.walk(directory):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                total += os.lstat(f"{root}/{name}").st_blocks * 512
    return total


def free_bytes(path: Path) -> int:
    """Return what is free on the disk that a path is or will be on."""
    while not path.exists():
        path = path.parent
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def check(path: str, budget: int, reserve: int, variable: str) -> dict[str, Any]:
    """Compare the disk with the budget."""
    if budget < 1 or reserve < 0:
        raise BudgetError(f"{variable} is {budget} with a reserve of {reserve}; write whole gigabytes, at least 1.")
    real = _files.real(path)
    used, free = used_bytes(real), free_bytes(real)
    most = int((free + used) / GIGABYTE) - reserve
    if budget > most:
        raise BudgetError(
            f"{variable} is {budget}, but the disk of {path} has {free / GIGABYTE:.0f} GB free and {reserve} GB are"
            f" kept for everything else: "
            + (f"set {variable} to {most} at most." if most > 0 else "make room on it, or choose another disk.")
        )
    return {"free_gigabytes": round(free / GIGABYTE, 1), "used_gigabytes": round(used / GIGABYTE, 1)}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "gigabytes": {"type": "int", "required": True},
            "reserve_gigabytes": {"type": "int", "default": 0},
            "variable": {"type": "str", "default": "gigabytes"},
        },
        supports_check_mode=True,
    )
    options = module.params
    try:
        result = check(options["path"], options["gigabytes"], options["reserve_gigabytes"], options["variable"])
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
