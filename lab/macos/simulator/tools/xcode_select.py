# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``xcode-select``: where the developer tools are; asking for them by it needs somebody at the screen."""

from __future__ import annotations

import os

from .. import developer_tools
from . import xcode_select_texts as texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/xcode-select",)


def main(context: Context) -> int:
    """Run one option."""
    option, words = (context.argv[0], context.argv[1:]) if context.argv else ("", [])
    if option in ("-p", "--print-path", "-print-path"):
        return _print_path(context)
    if option == "--install":
        return _install(context)
    if option in ("-s", "--switch", "-switch") and words:
        return _switch(context, words[0])
    if option in ("-r", "--reset"):
        return _reset(context)
    if option in ("-v", "--version"):
        context.out(texts.VERSION)
        return 0
    context.err(texts.USAGE)
    return 1


def _print_path(context: Context) -> int:
    directory = developer_tools.active_directory(context)
    if not directory:
        context.err(texts.NONE)
        return 2
    context.out(directory)
    return 0


def _install(context: Context) -> int:
    if developer_tools.installed(context):
        context.err(texts.INSTALLED)
        return 1
    # The dialog waits on a screen that nobody looks at; the program does not wait for it.
    context.err(texts.REQUESTED)
    return 0


def _switch(context: Context, path: str) -> int:
    if not context.is_root:
        context.err(texts.NOT_ROOT.format(verb="switch"))
        return 1
    if not os.path.isdir(context.path(f"{path}/usr/bin")):
        context.err(texts.INVALID.format(path=path))
        return 1
    with context.state.edit("xcode_select") as data:
        data["directory"] = path
    return 0


def _reset(context: Context) -> int:
    if not context.is_root:
        context.err(texts.NOT_ROOT.format(verb="reset"))
        return 1
    with context.state.edit("xcode_select") as data:
        data.pop("directory", None)
    return 0
