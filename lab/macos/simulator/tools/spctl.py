# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``spctl``: Gatekeeper's opinion, on standard error; its switch needs a person in System Settings."""

from __future__ import annotations

from .. import signatures

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/spctl",)
AREA = "gatekeeper"
GLOBAL = ("--global-disable", "--global-enable", "--master-disable", "--master-enable")
REMOVED = ("--add", "--remove", "--enable", "--disable", "--list")
CONFIRM = "Globally disabling the assessment system needs to be confirmed in System Settings."
UNSUPPORTED = "This operation is no longer supported. To manage trusted software, use System Settings."
USAGE = "System Policy Basic Usage:\n       spctl --assess [--type type] [-v] path ... # assessment"
EXIT_REJECTED = 3
EXIT_UNSUPPORTED = 4


def main(context: Context) -> int:
    """Run one operation."""
    argv = context.argv
    if "--status" in argv:
        enabled = context.state.read(AREA).get("enabled", True)
        context.out(f"assessments {'enabled' if enabled else 'disabled'}")
        return 0
    if any(word in argv for word in GLOBAL):
        context.err(CONFIRM)
        return 1
    if "--assess" in argv or "-a" in argv:
        return _assess(context)
    if any(word in argv for word in REMOVED):
        context.err(UNSUPPORTED)
        return EXIT_UNSUPPORTED
    context.err(USAGE)
    return 2


def _assess(context: Context) -> int:
    verbose = any(word.startswith("-v") or word == "--verbose" for word in context.argv)
    paths = []
    words = iter(context.argv)
    for word in words:
        if word in ("--type", "-t"):
            next(words, "")
        elif not word.startswith("-"):
            paths.append(word)
    status = 0
    for path in paths:
        finding = signatures.verify(context, path)
        if finding.problem == signatures.ABSENT:
            context.err(f"{path}: {finding.problem}")
            status = 1
        elif finding.problem:
            context.err(f"{path}: rejected")
            if verbose:
                context.err("source=no usable signature")
            status = EXIT_REJECTED
        elif verbose:
            context.err(f"{path}: accepted\nsource=Notarized Developer ID")
    return status
