# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Time zone and time server, kept where macOS keeps them."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tool import Context

LOCAL_TIME = "/private/etc/localtime"
SERVERS = "/private/etc/ntp.conf"
ZONES = "/usr/share/zoneinfo"
LINK_TARGET = "/var/db/timezone/zoneinfo"
DEFAULT_ZONE = "GMT"
DEFAULT_SERVER = "time.apple.com"


def server(context: Context) -> str:
    """Return the first server named in ntp.conf."""
    try:
        with open(context.path(SERVERS), encoding="utf-8") as file:
            for line in file:
                words = line.split()
                if words[:1] == ["server"] and len(words) > 1:
                    return words[1]
    except FileNotFoundError:
        pass
    return DEFAULT_SERVER


def set_server(context: Context, name: str) -> None:
    """Name the one server in ntp.conf."""
    path = context.path(SERVERS)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"server {name}\n")


def zone(context: Context) -> str:
    """Return the zone that localtime is a link to."""
    try:
        target = os.readlink(context.path(LOCAL_TIME))
    except OSError:
        return DEFAULT_ZONE
    return target.partition("zoneinfo/")[2] or DEFAULT_ZONE


def set_zone(context: Context, name: str) -> None:
    """Point localtime at a zone."""
    directory = LINK_TARGET if os.path.isdir(context.path(LINK_TARGET)) else ZONES
    path = context.path(LOCAL_TIME)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    scratch = f"{path}.{os.getpid()}"
    os.symlink(f"{directory}/{name}", scratch)
    os.replace(scratch, path)


def zones(context: Context) -> list[str]:
    """Return the names of all zones that this system has data for."""
    top = context.path(ZONES)
    found = []
    for directory, _, files in os.walk(top):
        prefix = os.path.relpath(directory, top)
        if prefix == "." or prefix[0].isupper():
            found += [os.path.normpath(os.path.join(prefix, name)) for name in files if name[0].isupper()]
    return sorted(found)
