# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The user of a service, its group and its directories: what of them is not as wanted."""

from __future__ import annotations

import grp
import pwd
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

DIRECTORY_MODE = 0o750
FILE_MODE = 0o640

ARGUMENTS: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "uid": {"type": "int"},
    "description": {"type": "str", "required": True},
    "home": {"type": "path", "required": True},
    "shell": {"type": "path", "required": True},
    "hidden": {"type": "bool", "default": False},
    "directories": {"type": "list", "elements": "path", "default": []},
    "files": {"type": "list", "elements": "path", "default": []},
}
"""What a module is told of an account."""


def missing(commands: Commands, wanted: dict[str, Any]) -> list[str]:
    """Return what is not as wanted: the group, the user, directories, files."""
    group = find_group(wanted)
    user = find_user(commands, wanted, group)
    names = [name for name, found in (("group", group), ("user", user)) if found is None]
    owner = None if user is None or group is None else (user.pw_uid, group.gr_gid)
    return [
        *names,
        *(path for path in wanted["directories"] if not is_theirs(path, DIRECTORY_MODE, owner)),
        *(path for path in wanted["files"] if not is_theirs(path, FILE_MODE, owner)),
    ]


def numbers(name: str) -> tuple[int, int] | None:
    """Return the numbers of a user and of the group with its name, or None where they do not exist yet."""
    try:
        return pwd.getpwnam(name).pw_uid, grp.getgrnam(name).gr_gid
    except KeyError:
        return None


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


def is_theirs(path: str, mode: int, owner: tuple[int, int] | None) -> bool:
    """Tell whether a directory or file is there and belongs to the user and the group; a link of theirs is neither."""
    look = _files.directory_mode_and_owner if mode == DIRECTORY_MODE else _files.file_mode_and_owner
    try:
        return owner is not None and look(path) == (mode, *owner)
    except ClusterError:
        return False  # who makes them says why
