# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``dscacheutil``: flushes the cache and asks the resolver as programs do."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/dscacheutil",)
EX_USAGE = 64
USAGE = "Usage: dscacheutil -h\n       dscacheutil -q category [-a key value]\n       dscacheutil -flushcache"


def main(context: Context) -> int:
    """Flush, or look a host up."""
    argv = context.argv
    if argv == ["-flushcache"]:
        return 0
    if len(argv) == 5 and argv[:4] == ["-q", "host", "-a", "name"]:
        _query(context, argv[4])
        return 0
    context.out(USAGE)
    return 0 if argv == ["-h"] else EX_USAGE


def _query(context: Context, name: str) -> None:
    """Print the addresses of a name; a name nobody knows prints nothing."""
    import socket

    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except OSError:
        return
    for family, label in ((socket.AF_INET6, "ipv6_address"), (socket.AF_INET, "ip_address")):
        addresses = [str(item[4][0]) for item in found if item[0] == family]
        if addresses:
            context.out(f"name: {name}")
            for address in addresses:
                context.out(f"{label}: {address}")
            context.out()
