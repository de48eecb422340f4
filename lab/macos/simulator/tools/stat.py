# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``stat`` as BSD has it: formats with ``-f``, and nothing of GNU's ``-c``."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/stat",)
USAGE = "usage: stat [-FLnq] [-f format | -l | -r | -s | -x] [-t timefmt] [file ...]"
KINDS = {
    stat.S_IFDIR: "Directory",
    stat.S_IFLNK: "Symbolic Link",
    stat.S_IFREG: "Regular File",
    stat.S_IFIFO: "Fifo File",
    stat.S_IFSOCK: "Socket",
    stat.S_IFCHR: "Character Device",
    stat.S_IFBLK: "Block Device",
}
DEFAULT = '%d %i %Sp %l %Su %Sg %r %z "%Sa" "%Sm" "%Sc" "%SB" %k %b %#Xf %N'
TIME = "%b %e %H:%M:%S %Y"
TIMES = {"a": "st_atime", "m": "st_mtime", "c": "st_ctime", "B": "st_mtime"}
NUMBERS = {"d": "st_dev", "i": "st_ino", "l": "st_nlink", "z": "st_size", "b": "st_blocks", "k": "st_blksize"}


def main(context: Context) -> int:
    """Print the status of files."""
    words = list(context.argv)
    form, end, follow, quiet, time_form = DEFAULT, "\n", False, False, TIME
    while words and words[0].startswith("-") and len(words[0]) > 1:
        word = words.pop(0)
        for position, letter in enumerate(word[1:], 2):
            if letter in "ft":
                value = word[position:] or (words.pop(0) if words else "")
                form, time_form = (value, time_form) if letter == "f" else (form, value)
                break
            if letter not in "FLnq":
                context.err(f"stat: illegal option -- {letter}\n{USAGE}")
                return 1
            follow, quiet, end = follow or letter == "L", quiet or letter == "q", "" if letter == "n" else end
    status = 0
    for path in words:
        try:
            found = os.stat(path) if follow else os.lstat(path)
        except OSError as error:
            status = 1
            if not quiet:
                context.err(f"stat: {path}: stat: {error.strerror}")
            continue
        context.out(_expand(form, path, found, time_form), end=end)
    return status


def _expand(form: str, path: str, found: os.stat_result, time_form: str) -> str:
    text, position = "", 0
    while position < len(form):
        letter = form[position]
        position += 1
        if letter != "%":
            text += letter
            continue
        directive = ""
        while position < len(form):
            directive += form[position]
            position += 1
            # Capital letters before the last one say how a value is shown; N, T and Y are values themselves.
            if directive[-1] in "%NTY" or directive[-1].islower() or directive.endswith("SB"):
                break
        text += _value(directive.lstrip("#+- 0123456789."), path, found, time_form)
    return text


def _value(directive: str, path: str, found: os.stat_result, time_form: str) -> str:
    style, letter = directive[:-1], directive[-1:]
    if letter in "%nt":
        return {"%": "%", "n": "\n", "t": "\t"}[letter]
    if letter in TIMES:
        moment = getattr(found, TIMES[letter])
        return time.strftime(time_form, time.localtime(moment)) if "S" in style else str(int(moment))
    if letter == "p":
        if "S" in style:
            return stat.filemode(found.st_mode)
        return f"{stat.S_IMODE(found.st_mode) & 0o777:o}" if "L" in style else f"{found.st_mode:o}"
    if letter in "ug":
        return _owner(letter, "S" in style, found)
    if letter == "T":
        kind = stat.S_IFMT(found.st_mode)
        return KINDS.get(kind, "???") if "H" in style else {stat.S_IFDIR: "/", stat.S_IFLNK: "@"}.get(kind, "")
    if letter == "Y":
        return os.readlink(path) if stat.S_ISLNK(found.st_mode) else ""
    if letter in NUMBERS:
        return str(getattr(found, NUMBERS[letter]))
    return {"N": path, "r": "0", "f": "0"}.get(letter, "")


def _owner(letter: str, by_name: bool, found: os.stat_result) -> str:
    number = found.st_uid if letter == "u" else found.st_gid
    if not by_name:
        return str(number)
    try:
        return pwd.getpwuid(number).pw_name if letter == "u" else grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
