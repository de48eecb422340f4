# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``xcrun``: finds developer tools of Xcode, such as the compiler of Metal, which no Mac of a cluster has.

Each call is noted, so that a test can tell that nothing was compiled here.
"""

from __future__ import annotations

from .. import developer_tools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/xcrun",)
AREA = "xcrun"


def main(context: Context) -> int:
    """Refuse."""
    with context.state.edit(AREA) as noted:
        noted.setdefault("calls", []).append(context.argv)
    if not developer_tools.active_directory(context):
        path = developer_tools.DIRECTORY
        context.err(f"xcrun: error: invalid active developer path ({path}), missing xcrun at: {path}/usr/bin/xcrun")
        return 1
    words = [word for word in context.argv if not word.startswith("-")]
    name = words[-1] if words else ""
    context.err(f'xcrun: error: unable to find utility "{name}", not a developer tool or in PATH')
    return 72
