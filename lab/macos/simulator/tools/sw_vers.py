# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``sw_vers``: name, version and build of the system."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/sw_vers",)
USAGE = "Usage: sw_vers [--help|--productName|--productVersion|--productVersionExtra|--buildVersion]"


def main(context: Context) -> int:
    """Print all lines, or one value."""
    values = {
        "productname": "macOS",
        "productversion": context.profile.version,
        "buildversion": context.profile.build,
    }
    if not context.argv:
        context.out(f"ProductName:\t\t{values['productname']}")
        context.out(f"ProductVersion:\t\t{values['productversion']}")
        context.out(f"BuildVersion:\t\t{values['buildversion']}")
        return 0
    wanted = context.argv[0].lstrip("-").lower()
    if wanted == "productversionextra":
        return 0
    if wanted not in values or not context.argv[0].startswith("-"):
        context.err(USAGE)
        return 0 if wanted == "help" else 1
    context.out(values[wanted])
    return 0
