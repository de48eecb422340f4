# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about changes that a host takes back by itself.

Whoever makes such a change has to hear of a host that is gone before the change is taken back: ssh must give up first.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import INVENTORY, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory

SHARED_VARIABLE = "cluster_undo_after_seconds"
VARIABLES = (SHARED_VARIABLE, "firewall_undo_after_seconds")
"""After how many seconds something is taken back; what is not given follows the first."""

DEFAULT_COUNT = 3
TCP_GIVES_UP = 130
"""Seconds after which a connection attempt ends where ssh sets no limit."""

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True)
class Patience:
    """How long ssh waits for a host that says nothing."""

    interval: int | None
    """Nothing where it is not set."""
    count: int
    connect: int

    @property
    def seconds(self) -> int | None:
        """From the last sign of a host to the end of an attempt to reach it again; nothing where it never ends."""
        if not self.interval or not self.count:
            return None
        return self.interval * (self.count + 1) + self.connect


def patience(words: Sequence[str]) -> Patience:
    """Read the options on ssh's command line, of which the first of a kind counts."""
    found: dict[str, str] = {}
    for place, word in enumerate(words):
        if word == "-o":
            text = words[place + 1] if place + 1 < len(words) else ""
        elif word.startswith("-o"):
            text = word[2:]
        else:
            continue
        name, _, value = re.sub(r"\s*=\s*|\s+", "=", text.strip(), count=1).partition("=")
        found.setdefault(name.lower(), value.strip().strip('"'))
    count = found.get("serveralivecountmax", "")
    return Patience(
        _duration(found.get("serveraliveinterval", "")),
        int(count) if count.isdigit() else DEFAULT_COUNT,
        _duration(found.get("connecttimeout", "")) or TCP_GIVES_UP,
    )


def _duration(text: str) -> int | None:
    """Read a time as ssh writes it: 90, 90s or 1m30s."""
    parts = re.findall(r"(\d+)([smhdw]?)", text.lower())
    if not parts or "".join(number + unit for number, unit in parts) != text.lower():
        return None
    return sum(int(number) * _UNITS[unit] for number, unit in parts)


def undo_times(inventory: Inventory) -> Iterator[Problem]:
    """Check that ssh notices a host that is gone before the host takes a change back."""
    hosts = [host for host in inventory.hosts.values() if host.ssh is not None]
    wrong: dict[str, list[str]] = defaultdict(list)
    for host in hosts:
        for text in _sentences(host):
            wrong[text].append(host.name)
    for text, names in wrong.items():
        subjects = [INVENTORY] if len(names) == len(hosts) else names
        yield from (Problem(subject, text) for subject in subjects)


def _sentences(host: Host) -> Iterator[str]:
    waits = patience(host.ssh or ())
    if waits.seconds is None:
        # The first value counts, so a zero must be corrected where it stands.
        zero = "ServerAliveInterval" if waits.interval == 0 else "ServerAliveCountMax"
        advice = "write ansible_ssh_common_args: -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
        if waits.interval is not None:
            advice = f"{zero} is 0 in its options; write {15 if waits.interval == 0 else 4} instead"
        yield f"ssh never notices that a host is gone, nor whether a change of the network holds; {advice}."
        return
    for variable in VARIABLES:
        value = host.get(variable)
        given = variable in host.given or variable == SHARED_VARIABLE
        if given and isinstance(value, int) and value <= waits.seconds:
            yield (
                f"{variable} is {value}, but ssh needs {waits.seconds} seconds to notice that a host is gone"
                f" (ServerAliveInterval {waits.interval} x (ServerAliveCountMax {waits.count} + 1) + ConnectTimeout"
                f" {waits.connect}); write {waits.seconds + 1} or more."
            )
