# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The host's real mount table: volumes are bind mounts."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_REMOUNT, MS_BIND = 1, 2, 4, 32, 4096
MNT_DETACH = 2
TABLE = "/proc/self/mounts"


def bind(source: str, target: str, *, read_only: bool) -> None:
    """Show a directory at another place."""
    _mount(source, target, MS_BIND)
    if read_only:
        # The first call of a bind mount ignores every other flag.
        _mount(source, target, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)


def unbind(target: str, *, force: bool) -> None:
    """Take a bind mount away; raises OSError with EBUSY while a process has files open on it, unless forced."""
    library = _library()
    if library.umount2(os.fsencode(target), MNT_DETACH if force else 0):
        _fail(target)


def mounted() -> list[str]:
    """Every mount point, in the order of mounting."""
    with open(TABLE, encoding="utf-8", errors="surrogateescape") as file:
        return [_unescape(line.split(" ")[1]) for line in file]


def _unescape(text: str) -> str:
    first, *rest = text.split("\\")
    return first + "".join(chr(int(part[:3], 8)) + part[3:] for part in rest)


def _mount(source: str, target: str, flags: int) -> None:
    if _library().mount(os.fsencode(source), os.fsencode(target), b"none", flags, None):
        _fail(target)


def _library() -> ctypes.CDLL:
    import ctypes

    library = ctypes.CDLL(None, use_errno=True)
    library.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
    return library


def _fail(target: str) -> None:
    import ctypes

    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number), target)
