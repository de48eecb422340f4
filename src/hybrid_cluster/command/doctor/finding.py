# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is wrong, or worth knowing, in the form that is shown and printed as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hybrid_cluster.command.doctor.traps import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = "this machine"
"""Where the command runs, which may be no host of the inventory."""


@dataclass(frozen=True)
class Finding:
    """One thing on one host."""

    host: str
    what: str
    """What was looked at."""
    measured: str
    fix: str
    trap: str | None = None
    expected: str | None = None
    capability: str | None = None

    def document(self, hosts: list[str]) -> dict[str, Any]:
        """Return it as JSON has it, for all hosts that it is the same on."""
        return {
            "hosts": hosts,
            "trap": self.trap,
            "capability": self.capability,
            "what": self.what,
            "measured": self.measured,
            "expected": self.expected,
            "meaning": BY_NAME[self.trap].sentence if self.trap else None,
            "fix": self.fix,
        }


@dataclass
class Seen:
    """What a look found."""

    wrong: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    """Worth knowing, and no fault."""
    right: dict[str, int] = field(default_factory=dict)
    """How many looks found nothing, by host."""
    not_looked_at: list[str] = field(default_factory=list)
    """Sentences without a full stop: what, and why."""

    def well(self, host: str, count: int = 1) -> None:
        """Count what is right."""
        self.right[host] = self.right.get(host, 0) + count

    def add(self, other: Seen) -> None:
        """Take what another look found."""
        self.wrong += other.wrong
        self.notes += other.notes
        self.not_looked_at += other.not_looked_at
        for host, count in other.right.items():
            self.well(host, count)


def together(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return documents in which what is the same on several hosts is one: every member of exo says what one does."""
    found: dict[tuple[str | None, ...], tuple[Finding, list[str]]] = {}
    for one in findings:
        key = (one.trap, one.capability, one.what, one.measured, one.expected, one.fix)
        _, hosts = found.setdefault(key, (one, []))
        if one.host not in hosts:
            hosts.append(one.host)
    return [one.document(hosts) for one, hosts in found.values()]
