# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""configd acts after networksetup has returned: what is stored is there at once, what is applied is not.

Where the state area says so, a change is applied only when somebody has looked at the interfaces that many times.
"""

from __future__ import annotations

from .apply import apply

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

AREA = "configd"


def apply_or_lag(context: Context) -> None:
    """Apply the preferences now, or after some looks."""
    looks = context.state.read(AREA).get("lag", 0)
    if not looks:
        apply(context)
        return
    with context.state.edit(AREA) as data:
        data["pending"] = looks


def look(context: Context) -> None:
    """Count a look at what is applied; the last of them finds it as it was, and the next one as it is wanted."""
    if not context.state.read(AREA).get("pending"):
        return
    with context.state.edit(AREA) as data:
        data["pending"] -= 1
        over = not data["pending"]
    if over:
        apply(context)
