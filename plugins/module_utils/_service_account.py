# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The user of a service, its group and its directories: what of them is not as wanted."""

from __future__ import annotations

import grp
import pwd
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "uid": {"type": "int"},
    "description": {"type": "str", "required": True},
    "home": {"type": "path", "required": True},
    "shell": {"type": "path", "required": True},
    "hidden": {"type": "bool", "default": False},
    "directories": {"type": "list", "elements": "path", "default": []},
}
"""What a module is told of an account."""


def missing(commands: Commands, wanted: dict[str, Any]) -> list[str]:
    """Return what is not as wanted: the group, the user, directories."""
    group = find_group(wanted)
    user = find_user(commands, wanted, group)
    names = [name for name, found in (("group", group), ("user", user)) if found is None]
    return names + [path for path in wanted["directories"] if not is_theirs(path, user, group)]


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
