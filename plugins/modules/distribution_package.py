#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: distribution_package
short_description: Remember which packages were brought, and remove only those
version_added: 0.1.0
description:
  - Says whether a package of Debian's or Ubuntu's is installed, and remembers on the host that it was not, before
    M(ansible.builtin.apt) installs it.
  - Removes a package that is remembered so. One that was there before stays, and so does one that other packages need.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  name:
    description: The package.
    type: str
    required: true
  state:
    description:
      - V(noted) installs nothing and is never a change.
      - V(absent) removes the package with its configuration, which stays where it was there before.
    type: str
    choices: [noted, absent]
    default: noted
"""

EXAMPLES = r"""
- name: Check whether HAProxy is installed
  hybrid_ai.cluster.distribution_package:
    name: haproxy
  register: found

- name: Install HAProxy
  ansible.builtin.apt:
    name: haproxy
  when: not found.installed

- name: Remove HAProxy where it was brought
  hybrid_ai.cluster.distribution_package:
    name: haproxy
    state: absent
"""

RETURN = r"""
installed:
  description: Whether the package was installed before this task.
  returned: success
  type: bool
kept:
  description: Why the package stays that V(absent) was to remove.
  returned: success
  type: list
  elements: str
  sample: ["haproxy: it was not remembered as brought"]
"""

from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _packages
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._packages import Packages
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._run_module import Call, run_module


def note(packages: Packages, name: str, status: str, *, check_mode: bool) -> dict[str, Any]:
    """Remember that a package is to be brought, if it is."""
    installed = status == _packages.INSTALLED
    if not installed and not check_mode:
        packages.note(name, status)
    return {"changed": False, "installed": installed, "kept": []}


def remove(packages: Packages, name: str, status: str, *, check_mode: bool) -> dict[str, Any]:
    """Remove a package that was brought."""
    before = packages.before(name)
    kept = None
    if before is None:
        kept = f"{name}: it was not remembered as brought" if status == _packages.INSTALLED else None
    elif status not in (before, _packages.NOWHERE):
        needed = packages.needed_by(name, before)
        kept = None if needed is None else f"{name}: {needed}"
    changed = before is not None and status not in (before, _packages.NOWHERE) and kept is None
    if not check_mode and before is not None and kept is None:
        if changed:
            packages.remove(name, before)
            left = packages.status(name)
            if left not in (before, _packages.NOWHERE):
                raise _packages.PackageError(f"dpkg removed {name}, which is still {left}; run `dpkg --audit`.")
        packages.forget(name)
    return {
        "changed": changed,
        "installed": status == _packages.INSTALLED,
        "kept": [kept] if kept else [],
        "diff": {"before": {name: status} if changed else {}, "after": {name: before} if changed else {}},
    }


def manage(call: Call) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    packages, name = Packages(call.commands), call.options["name"]
    action = remove if call.options["state"] == "absent" else note
    return action(packages, name, packages.status(name), check_mode=call.check_mode)


def main() -> None:
    """Run the module."""
    run_module(
        "Managing packages",
        {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["noted", "absent"], "default": "noted"},
        },
        manage,
    )


if __name__ == "__main__":
    main()
