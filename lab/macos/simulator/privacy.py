# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a person allowed in System Settings; being root does not replace it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tool import Context

AREA = "privacy"


def full_disk_access(context: Context) -> bool:
    """Whether "Allow full disk access for remote users" is on; the lab's Macs have it unless told otherwise."""
    default = context.profile.host.get("full_disk_access", True)
    return bool(context.state.read(AREA).get("full_disk_access", default))
