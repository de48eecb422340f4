# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The stubs of the developer tools: they are always there and do nothing until the Command Line Tools are."""

from __future__ import annotations

import os

from .. import developer_tools
from ..tool import HIDDEN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = (
    "/usr/bin/ar",
    "/usr/bin/as",
    "/usr/bin/c++",
    "/usr/bin/cc",
    "/usr/bin/clang",
    "/usr/bin/clang++",
    "/usr/bin/g++",
    "/usr/bin/gcc",
    "/usr/bin/git",
    "/usr/bin/gnumake",
    "/usr/bin/install_name_tool",
    "/usr/bin/ld",
    "/usr/bin/lipo",
    "/usr/bin/make",
    "/usr/bin/nm",
    "/usr/bin/otool",
    "/usr/bin/pip3",
    "/usr/bin/python3",
    "/usr/bin/ranlib",
    "/usr/bin/size",
    "/usr/bin/strings",
    "/usr/bin/strip",
    "/usr/bin/swift",
    "/usr/bin/swiftc",
)
# Over ssh to a Mac nobody sits at; with a desktop session a dialog would open instead.
NO_TOOLS = (
    "xcode-select: error: no developer tools were found at '/Applications/Xcode.app', and no install could be "
    "requested (perhaps no UI is present), please install manually from 'developer.apple.com'."
)


def main(context: Context) -> int:
    """Refuse, or become the real program where the Command Line Tools are installed."""
    if not developer_tools.active_directory(context):
        context.err(NO_TOOLS)
        return 1
    if context.name == "pip3":
        return context.execute("python3", "-m", "pip", *context.argv)
    if os.path.exists(context.path(f"{HIDDEN}/{context.name}")):
        return context.execute(context.name, *context.argv)
    context.err(f"{context.name}: the simulated Command Line Tools have no {context.name}")
    return 1
