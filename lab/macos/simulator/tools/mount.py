# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``mount``: the table of mounted volumes; mounting itself is the business of ``hdiutil``."""

from __future__ import annotations

from .. import images, volumes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/sbin/mount",)
BUILT_IN = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s6 on /System/Volumes/VM (apfs, local, noexec, journaled, noatime, nobrowse)
/dev/disk3s2 on /System/Volumes/Preboot (apfs, local, journaled, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)"""
USAGE = "usage: mount [-dfruvw] [-o options] [-t type] special | node"


def main(context: Context) -> int:
    """List what is mounted."""
    if context.argv:
        context.err(USAGE)
        return 64
    context.out("\n".join([BUILT_IN, *volumes.lines(context.state)]))
    for image in images.attached(context):
        hidden = "" if image["browse"] else ", nobrowse"
        owner = "root" if image["owner"] == 0 else str(image["owner"])
        context.out(
            f"/dev/{image['disk']}s1 on {image['mount_point']} "
            f"(hfs, local, nodev, nosuid, read-only, noowners, mounted by {owner}{hidden})"
        )
    return 0
