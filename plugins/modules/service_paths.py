#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: service_paths
short_description: Have the directories and files of a service's user
version_added: 0.1.0
description:
  - Makes what is missing and gives it to the user, or removes all of it.
  - A program that was taken over may put a link into a directory of its own. None is followed that others than root
    could have made; it is refused with the way to write instead.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes
author:
  - The hybrid_ai.cluster contributors (@hybrid-ai)
options:
  owner:
    description: The user, whose group has the same name.
    type: str
    required: true
  group:
    description:
      - Another group for O(directories), whose members may use what is made there. Their mode is 2750 then, by which
        Linux gives the group to what is made in them; macOS does so anyway.
    type: str
  directories:
    description: Directories with the mode 0750. Parents that are missing are made and belong to root.
    type: list
    elements: path
    default: []
  files:
    description: Files with the mode 0640, empty at first, for directories that belong to root.
    type: list
    elements: path
    default: []
  keep:
    description:
      - Paths below O(directories) that O(state=absent) leaves with everything in them, and so the directories that lead
        to them. A directory that holds no file is not kept.
    type: list
    elements: path
    default: []
  state:
    description: V(absent) removes them with everything in them.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Have the home of exo
  hybrid_ai.cluster.service_paths:
    owner: _exo
    directories: [/opt/hybrid-ai/exo, /opt/hybrid-ai/exo/models]

- name: Remove the home of exo and keep its models
  hybrid_ai.cluster.service_paths:
    owner: _exo
    directories: [/opt/hybrid-ai/exo]
    keep: [/opt/hybrid-ai/exo/models]
    state: absent
"""

RETURN = r"""
paths:
  description: What was or would be changed.
  returned: success
  type: list
  elements: str
"""

import stat
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError, require_root
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._service import account

Found = Optional[tuple[int, int, int]]


def read(options: dict[str, Any]) -> dict[str, Found]:
    """Return mode and owner of every path; a link that root may not follow is refused here, before anything is done."""
    if options["state"] == "absent":
        paths = [*options["directories"], *options["files"]]
        return {path: _files.mode_and_owner(path) for path in paths if _files.is_removable(path, options["keep"])}
    found = {path: _files.directory_mode_and_owner(path) for path in options["directories"]}
    return {**found, **{path: _files.file_mode_and_owner(path) for path in options["files"]}}


def wanted(options: dict[str, Any], owner: tuple[int, int], group: int) -> dict[str, tuple[int, int, int]]:
    """Return mode and owner that every path is to have."""
    directory = account.DIRECTORY_MODE | (stat.S_ISGID if options["group"] else 0)
    return {
        **dict.fromkeys(options["directories"], (directory, owner[0], group)),
        **dict.fromkeys(options["files"], (account.FILE_MODE, *owner)),
    }


def plan(options: dict[str, Any], found: dict[str, Found], owner: tuple[int, int] | None) -> list[str]:
    """Return the paths to change."""
    if options["state"] == "absent":
        return list(found)
    members = account.numbers(options["group"] or options["owner"])
    if owner is None or members is None:
        return [*options["directories"], *options["files"]]
    return [path for path, entry in wanted(options, owner, members[1]).items() if found[path] != entry]


def apply(options: dict[str, Any], paths: list[str], owner: tuple[int, int] | None) -> None:
    """Change the paths."""
    if options["state"] == "absent":
        for path in paths:
            _files.remove(path, options["keep"])
        return
    members = account.numbers(options["group"] or options["owner"])
    if owner is None or members is None:
        missing = options["owner"] if owner is None else options["group"]
        raise ClusterError(f"There is no user and group {missing} on this host; create them first.")
    for path, (mode, user, group) in wanted(options, owner, members[1]).items():
        if path in paths:
            make = _files.make_directory if path in options["directories"] else _files.make_file
            make(path, mode, (user, group))


def as_text(found: Found) -> str:
    """Return mode and owner for people."""
    return "absent" if found is None else f"mode {found[0]:04o}, user {found[1]}, group {found[2]}"


def run(module: AnsibleModule) -> dict[str, Any]:
    """Read, plan, apply, read back."""
    options = module.params
    require_root(f"Managing the directories of {options['owner']}")
    owner = account.numbers(options["owner"])
    found = read(options)
    paths = plan(options, found, owner)
    result = {
        "changed": bool(paths),
        "paths": paths,
        "diff": {
            "before": {path: as_text(found[path]) for path in paths},
            "after": dict.fromkeys(paths, "absent" if options["state"] == "absent" else f"of {options['owner']}"),
        },
    }
    if module.check_mode:
        return result
    apply(options, paths, owner)
    left = plan(options, read(options), owner)
    if left:
        raise ClusterError(f"{', '.join(left)} did not become what was asked for; check the disk, then repeat.")
    return result


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "owner": {"type": "str", "required": True},
            "group": {"type": "str"},
            "directories": {"type": "list", "elements": "path", "default": []},
            "files": {"type": "list", "elements": "path", "default": []},
            "keep": {"type": "list", "elements": "path", "default": []},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
