# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The security policy an Apple Silicon Mac boots with; only Recovery can change it, so no tool here does."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tool import Context

AREA = "boot_policy"


def boot_args_allowed(context: Context) -> bool:
    """Whether a person lifted the restriction of boot arguments (Permissive Security), in Recovery."""
    if not integrity_protection(context):
        # `csrutil disable` lifts every restriction.
        return True
    stored = context.state.read(AREA).get("boot_args_allowed")
    return bool(context.profile.host.get("boot_args_allowed") if stored is None else stored)


def integrity_protection(context: Context) -> bool:
    """Whether System Integrity Protection is on."""
    return bool(context.state.read(AREA).get("integrity_protection", True))
