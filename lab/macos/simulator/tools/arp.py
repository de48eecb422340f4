# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``arp``: the neighbours the host's kernel knows, in BSD's spelling without leading zeros."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..tool import Context

PATHS = ("/usr/sbin/arp",)
USAGE = "usage: arp [-n] [-i interface] hostname\n       arp [-n] [-i interface] [-l] -a"


def main(context: Context) -> int:
    """Show every neighbour, or one; delete one."""
    options = [word for word in context.argv if word.startswith("-")]
    names = [word for word in context.argv if not word.startswith("-")]
    letters = "".join(options)
    if "a" in letters:
        for entry in _neighbours(context):
            context.out(_line(entry))
        return 0
    if not names:
        context.err(USAGE)
        return 1
    found = [entry for entry in _neighbours(context) if entry["dst"] == names[0]]
    if "d" in letters:
        return _delete(context, names[0], found)
    if not found:
        context.out(f"{names[0]} ({names[0]}) -- no entry")
        return 1
    context.out(_line(found[0]))
    return 0


def _neighbours(context: Context) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(context.run("ip", "-j", "-4", "neigh", "show").stdout or "[]")
    return found


def _line(entry: dict[str, Any]) -> str:
    parts = str(entry.get("lladdr", "")).split(":")
    address = ":".join(f"{int(part, 16):x}" for part in parts) if len(parts) > 1 else "(incomplete)"
    return f"? ({entry['dst']}) at {address} on {entry['dev']} ifscope [ethernet]"


def _delete(context: Context, name: str, found: list[dict[str, Any]]) -> int:
    if not context.is_root:
        context.err("arp: writing to routing socket: Operation not permitted")
        return 1
    if not found:
        context.err(f"arp: delete: cannot locate {name}")
        return 1
    context.run("ip", "neigh", "delete", name, "dev", str(found[0]["dev"]))
    context.out(f"{name} ({name}) deleted")
    return 0
