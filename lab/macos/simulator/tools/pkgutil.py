# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``pkgutil``: receipts of the installer."""

from __future__ import annotations

from .. import developer_tools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/pkgutil",)
ABSENT = "No receipt for '{package}' found at '/'."
INFORMATION = "package-id: {package}\nversion: {version}\nvolume: /\nlocation: /\ninstall-time: {time}"
USAGE = "Usage: pkgutil [OPTIONS] [COMMANDS] ..."


def main(context: Context) -> int:
    """Run one command."""
    words = [part for word in context.argv for part in word.split("=", 1)]
    receipts = developer_tools.receipts(context)
    if words[:1] == ["--pkgs"]:
        for package in sorted(receipts):
            context.out(package)
        return 0
    if len(words) < 2 or words[0] not in ("--pkg-info", "--forget"):
        context.err(USAGE)
        return 1
    command, package = words[:2]
    if package not in receipts:
        context.err(ABSENT.format(package=package))
        return 1
    if command == "--forget":
        with context.state.edit("receipts") as data:
            data.pop(package, None)
        context.out(f"Forgot package '{package}' on '/'.")
        return 0
    context.out(INFORMATION.format(package=package, **receipts[package]))
    return 0
