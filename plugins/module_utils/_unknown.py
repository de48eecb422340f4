# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a tool says and no parser knows: never a known state, never the ground of a change or of its undo."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

LONGEST = 200


@dataclass(frozen=True, repr=False)
class Unknown:
    """A state that a parser does not know."""

    says: str

    def __repr__(self) -> str:
        """Say it in a sentence about what is there."""
        return f"unknown ({self.says})"

    @classmethod
    def of(cls, text: str) -> Unknown:
        """Keep what was said, on one line and no longer than a sentence bears."""
        return cls(quoted(text))


class UnmanagedError(ClusterError):
    """A setting cannot be managed on this host as it is: it is left alone, and no other."""


class UnknownStateError(UnmanagedError):
    """A state cannot be told."""

    def __init__(self, program: str, text: str, what: str, advice: str = "") -> None:
        super().__init__(f"{program} says {quoted(text)}, so {what} is unknown. {advice}".rstrip())


def quoted(text: str) -> str:
    """Return what a program said, for a sentence."""
    said = " ".join(text.split())
    said = said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
    return f'"{said}"' if said else "nothing"
