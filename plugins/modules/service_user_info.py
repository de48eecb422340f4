#!/usr/bin/python
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

DOCUMENTATION = r"""
module: service_user_info
short_description: Look whether a service's user is as wanted
version_added: 0.1.0
description:
  - Reads the user, its group and its directories at once, so that nothing else has to be asked where all are right.
extends_documentation_fragment:
  - hybrid_ai.cluster.attributes.info
author:
  - The hybrid_ai.cluster contributors
options:
  name:
    description: The user and its group.
    type: str
    required: true
  uid:
    description: The wanted number of both; any number if unset.
    type: int
  description:
    description: The wanted comment.
    type: str
    required: true
  home:
    description: The wanted home, which need not be there.
    type: path
    required: true
  shell:
    description: The wanted shell.
    type: path
    required: true
  hidden:
    description: Whether a Mac's login window must not show it.
    type: bool
    default: false
  directories:
    description: Directories that have to belong to it with the mode 0750.
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: Look at the user of exo
  hybrid_ai.cluster.service_user_info:
    name: _exo
    description: exo
    home: /opt/hybrid-ai/exo
    shell: /usr/bin/false
    directories: [/opt/hybrid-ai/exo]
"""

RETURN = r"""
ready:
  description: Whether all of it is as wanted.
  returned: always
  type: bool
missing:
  description: What is not as wanted.
  returned: always
  type: list
  elements: str
  sample: [group, user, /opt/hybrid-ai/exo]
"""

import grp
import pwd
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import (
    ClusterError,
    Commands,
    module_commands,
)


def find_group(wanted: dict[str, Any]) -> grp.struct_group | None:
    """Return the group where it is as wanted."""
    try:
        group = grp.getgrnam(wanted["name"])
    except KeyError:
        return None
    return group if wanted["uid"] in (None, group.gr_gid) else None


def find_user(commands: Commands, wanted: dict[str, Any], group: grp.struct_group | None) -> pwd.struct_passwd | None:
    """Return the user where it is as wanted."""
    try:
        user = pwd.getpwnam(wanted["name"])
    except KeyError:
        return None
    right = (
        wanted["uid"] in (None, user.pw_uid)
        and group is not None
        and (user.pw_gid, user.pw_gecos) == (group.gr_gid, wanted["description"])
        and (user.pw_dir, user.pw_shell) == (wanted["home"], wanted["shell"])
        and (not wanted["hidden"] or is_hidden(commands, wanted["name"]))
    )
    return user if right else None


def is_hidden(commands: Commands, name: str) -> bool:
    """Tell whether a Mac hides a user; no answer of the directory service is a no."""
    answer = commands.run(["/usr/bin/dscl", ".", "-read", f"/Users/{name}", "IsHidden"])
    return answer.rc == 0 and answer.out.split()[-1:] == ["1"]


def is_theirs(path: str, user: pwd.struct_passwd | None, group: grp.struct_group | None) -> bool:
    """Tell whether a directory is there and belongs to the user and the group."""
    place = Path(path)
    if user is None or group is None or place.is_symlink() or not place.is_dir():
        return False
    found = place.stat()
    return (found.st_uid, found.st_gid, found.st_mode & 0o7777) == (user.pw_uid, group.gr_gid, 0o750)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "uid": {"type": "int"},
            "description": {"type": "str", "required": True},
            "home": {"type": "path", "required": True},
            "shell": {"type": "path", "required": True},
            "hidden": {"type": "bool", "default": False},
            "directories": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        group = find_group(module.params)
        user = find_user(module_commands(module), module.params, group)
    except ClusterError as error:
        module.fail_json(msg=str(error))
    missing = [name for name, found in (("group", group), ("user", user)) if found is None]
    missing += [path for path in module.params["directories"] if not is_theirs(path, user, group)]
    module.exit_json(changed=False, ready=not missing, missing=missing)


if __name__ == "__main__":
    main()
