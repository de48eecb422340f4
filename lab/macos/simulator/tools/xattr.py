# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``xattr``: extended attributes, kept as real ones of Linux's ``user`` namespace."""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/xattr",)
NAMESPACE = "user."
MISSING_FILE = "xattr: No such file: {path}"
MISSING = "xattr: {path}: No such xattr: {name}"
USAGE = """\
usage: xattr [-l] [-r] [-s] [-v] [-x] file [file ...]
       xattr -p [-l] [-r] [-s] [-v] [-x] attr_name file [file ...]
       xattr -w [-r] [-s] [-x] attr_name attr_value file [file ...]
       xattr -d [-r] [-s] attr_name file [file ...]
       xattr -c [-r] [-s] file [file ...]"""
ARGUMENTS = {"p": 1, "w": 2, "d": 1, "c": 0}


def main(context: Context) -> int:
    """Run one action on every file given."""
    letters = ""
    words = list(context.argv)
    while words and words[0].startswith("-"):
        letters += words.pop(0)[1:]
    action = next((letter for letter in ARGUMENTS if letter in letters), "")
    count = ARGUMENTS.get(action, 0)
    arguments, files = words[:count], words[count:]
    if not files or set(letters) - set("lrsvxpwdc"):
        context.err(USAGE)
        return 64
    status = 0
    for file in files:
        if not os.path.lexists(context.path(file)):
            context.err(MISSING_FILE.format(path=file))
            status = 1
            continue
        for path in _tree(context, file) if "r" in letters else [file]:
            try:
                status = _one(context, action, arguments, path, letters) or status
            except OSError as error:
                context.err(f"xattr: [Errno {error.errno}] {error.strerror}: '{path}'")
                status = 1
    return status


def _tree(context: Context, top: str) -> list[str]:
    found = [top]
    skip = len(context.path(""))
    for directory, directories, files in os.walk(context.path(top)):
        found += [os.path.join(directory, name)[skip:] for name in (*directories, *files)]
    # Linux keeps such attributes on files and directories only.
    return [path for path in found if not os.path.islink(context.path(path))]


def _one(context: Context, action: str, arguments: list[str], path: str, letters: str) -> int:
    real = context.path(path)
    prefix = f"{path}: " if "v" in letters or "r" in letters else ""
    if action == "w":
        os.setxattr(real, NAMESPACE + arguments[0], arguments[1].encode())
        return 0
    names = _names(real)
    if action == "c":
        for name in names:
            os.removexattr(real, NAMESPACE + name)
    elif action and arguments[0] not in names:
        if "r" in letters:
            return 0
        context.err(MISSING.format(path=path, name=arguments[0]))
        return 1
    elif action == "d":
        os.removexattr(real, NAMESPACE + arguments[0])
    elif action == "p":
        context.out(prefix + _value(real, arguments[0]))
    else:
        for name in names:
            context.out(prefix + (f"{name}: {_value(real, name)}" if "l" in letters else name))
    return 0


def _names(real: str) -> list[str]:
    try:
        return sorted(name.removeprefix(NAMESPACE) for name in os.listxattr(real) if name.startswith(NAMESPACE))
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        return []


def _value(real: str, name: str) -> str:
    return os.getxattr(real, NAMESPACE + name).decode(errors="replace")
