# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the command says instead of a traceback."""

from __future__ import annotations

from hybrid_cluster.command import exits


class ClusterError(Exception):
    """An expected failure: one sentence that says what to do, and what the command ends with."""

    def __init__(self, sentence: str, exit_code: int = exits.FAILED) -> None:
        super().__init__(" ".join(sentence.split()))
        self.exit_code = exit_code


def reason(error: Exception) -> str:
    """Return why something failed, as the end of a sentence."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).lower().rstrip(".")
