# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``lsof``: which process listens on an internet port, as fields for programs to read."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/lsof",)
USAGE = "lsof: the simulated Mac only lists internet ports: lsof -nP -FpcLPn -iUDP:53 -iTCP:53"
_SELECTION = re.compile(r"-i(TCP|UDP):(\d+)")
_HOLDER = re.compile(r'\("(?P<name>[^"]*)",pid=(?P<pid>\d+),fd=(?P<handle>\d+)\)')
_FLAGS = {"-n", "-P", "-nP"}
_FIELDS = "-FpcLPn"


def main(context: Context) -> int:
    """Print a process and its sockets, one field a line; 1 means that there is none."""
    wanted = [matched.groups() for word in context.argv if (matched := _SELECTION.fullmatch(word))]
    known = {*_FLAGS, _FIELDS, *(f"-i{protocol}:{port}" for protocol, port in wanted)}
    if not wanted or _FIELDS not in context.argv or not set(context.argv) <= known:
        context.err(USAGE)
        return 1
    processes: dict[tuple[str, str], list[str]] = {}
    for protocol, port in wanted:
        letter = "u" if protocol == "UDP" else "t"
        listed = context.run("ss", f"-Hlnp{letter}", f"sport = :{port}").stdout
        for line in listed.splitlines():
            host = line.split()[3 if "users:" in line else 2].rpartition(":")[0]
            where = "*" if host in {"0.0.0.0", "*", "[::]"} else host  # noqa: S104 - what ss prints
            for found in _HOLDER.finditer(line):
                key = (found["pid"], found["name"])
                processes.setdefault(key, []).append(f"f{found['handle']}\nP{protocol}\nn{where}:{port}")
    for (pid, name), sockets in processes.items():
        context.out(f"p{pid}\nc{name}\nL{_user(context, pid)}")
        for socket in sockets:
            context.out(socket)
    return 0 if processes else 1


def _user(context: Context, pid: str) -> str:
    return context.run("ps", "-o", "user:32=", "-p", pid).stdout.strip()
