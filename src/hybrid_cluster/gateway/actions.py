# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What follows from an event at a group of hosts; somebody else carries it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Probe:
    """Ask every member whether it is there, over a fresh connection."""


@dataclass(frozen=True)
class Wake:
    """Send packets to these members until StopWaking."""

    members: tuple[str, ...]


@dataclass(frozen=True)
class StopWaking:
    """Send no more packets."""


@dataclass(frozen=True)
class Prove:
    """Ask a model for a token until it answers one, or the group is ready no more."""

    model: str


@dataclass(frozen=True)
class Drain:
    """Send no request past the gateway."""


@dataclass(frozen=True)
class Enable:
    """Requests may go past the gateway again."""


@dataclass(frozen=True)
class AskVetoes:
    """Ask every member, and the counters of what goes past the gateway, whether something speaks against sleep."""


@dataclass(frozen=True)
class Suspend:
    """Tell the members to sleep."""


@dataclass(frozen=True)
class DropConnections:
    """Close the connections that are kept open to the members: those of a host that slept are half-open."""


@dataclass(frozen=True)
class Forward:
    """Let a request go to its backend; it counts as running until it ends."""

    request: int


@dataclass(frozen=True)
class Refuse:
    """Answer a request with 503."""

    request: int
    sentence: str
    retry_after: float
    intended: bool = False
    """Whether the configuration wants it so, and nothing is wrong."""


Action = Probe | Wake | StopWaking | Prove | Drain | Enable | AskVetoes | Suspend | DropConnections | Forward | Refuse
