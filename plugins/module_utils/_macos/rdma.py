# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether RDMA over Thunderbolt is switched on, which only a person in Recovery can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._unknown import Unknown

if TYPE_CHECKING:
    from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import Commands

READ = ["/usr/bin/rdma_ctl", "status"]
ENABLED = "enabled"

ENABLE = (
    "RDMA needs Thunderbolt 5, macOS 26.2 or later and once a person: start this Mac in Recovery (hold the power "
    "button), run `rdma_ctl enable` in the Terminal there and start it again; thunderbolt_rdma: false does without."
)


def read(commands: Commands) -> str | Unknown:
    """Return that it is switched on. What the tool says otherwise was never recorded, so nothing else is known."""
    result = commands.run(READ)
    return ENABLED if result.rc == 0 and result.out.strip() == ENABLED else Unknown.of(result.text)
