# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``sysctl``: what the kernel tells, and the few limits it lets root change until the next start."""

from __future__ import annotations

from ..network.session import boot_time
from .sysctl_values import AREA, WRITABLE, begin_session, values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/sysctl",)
USAGE = "usage: sysctl [-bdehiNnoqx] [-B bufsize] name[=value] ...\n       sysctl [-bdehNnoqx] [-B bufsize] -a"


def main(context: Context) -> int:
    """Print or set variables."""
    options = "".join(word[1:] for word in context.argv if word.startswith("-"))
    names = [word for word in context.argv if not word.startswith("-")]
    if "b" in options and names == ["kern.boottime"]:
        return _raw_boot_time(context)
    known = values(context)
    if set(options) & {"a", "A"}:
        names = list(dict.fromkeys(name.partition(".")[0] for name in known))
    if not names:
        context.err(USAGE)
        return 1
    separator = "=" if "e" in options else ": "
    status = 0
    for name in names:
        if "=" in name:
            status |= _set(context, known, name, quiet="n" in options)
        else:
            status |= _print(context, known, name, "" if "n" in options else separator)
    return status


def _print(context: Context, known: dict[str, str], name: str, separator: str) -> int:
    """Print a variable, or everything below a node."""
    found = [key for key in known if key == name or key.startswith(f"{name}.")]
    if not found:
        context.err(f"sysctl: unknown oid '{name}'")
        return 1
    for key in found:
        context.out(f"{key}{separator}{known[key]}" if separator else known[key])
    return 0


def _set(context: Context, known: dict[str, str], assignment: str, *, quiet: bool) -> int:
    name, _, value = assignment.partition("=")
    if name not in known:
        context.err(f"sysctl: unknown oid '{name}'")
        return 1
    if name not in WRITABLE:
        context.err(f"sysctl: oid '{name}' is read only")
        return 1
    if not context.is_root:
        context.err(f"sysctl: {name}={value}: Operation not permitted")
        return 1
    if not value.isdigit():
        context.err(f"sysctl: invalid integer '{value}'")
        return 1
    context.out(f"{value}" if quiet else f"{name}: {known[name]} -> {value}")
    known[name] = value
    begin_session(context)
    with context.state.edit(AREA) as stored:
        stored.setdefault("values", {})[name] = value
    return 0


def _raw_boot_time(context: Context) -> int:
    """Write a ``struct timeval`` as it lies in memory."""
    import struct

    moment = boot_time()
    context.stdout.buffer.write(struct.pack("@qq", int(moment), int(moment % 1 * 1_000_000)))
    return 0
