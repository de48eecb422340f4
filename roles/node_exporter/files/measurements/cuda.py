# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether each NVIDIA GPU still computes, by the proof that `cuda_check` makes when a host is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._nvidia import proof

if TYPE_CHECKING:
    from .exposition import Metrics


def measure(metrics: Metrics, commands: Commands | None = None) -> None:
    """Have every GPU compute; a host without one has nothing to tell."""
    found = proof.prove(proof.Attempt(commands or Commands(), time_limit=30))
    for card in found.cards:
        # One that is busy is not tried, and neither proved nor refuted.
        if not card.busy:
            reason = card.reason if not card.computes else None
            metrics.add(
                "nvidia_cuda_proved",
                "Whether a GPU computes.",
                card.computes,
                gpu=card.address,
                name=card.name or "",
                reason=reason.key if reason else "",
                says=reason.what if reason else "",
            )
    if found.driver_version and found.library_version:
        metrics.add(
            "nvidia_library_matches",
            "Whether the driver's library has the version of the module that is loaded.",
            found.driver_version == found.library_version,
            driver=found.driver_version,
            library=found.library_version,
        )
