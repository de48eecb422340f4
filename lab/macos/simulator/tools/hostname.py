# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``hostname``: the kernel's host name. What is stored belongs to ``scutil``."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/bin/hostname",)


def main(context: Context) -> int:
    """Print the name (``-s``: up to the first dot, ``-f``: whole) or set it until the next start."""
    flags = "".join(word[1:] for word in context.argv if word.startswith("-"))
    names = [word for word in context.argv if not word.startswith("-")]
    if set(flags) - set("fsd") or len(names) > 1:
        context.err("usage: hostname [-f] [-s | -d] [name-of-host]")
        return 1
    if names:
        if not context.is_root:
            context.err("hostname: sethostname: Operation not permitted")
            return 1
        return context.run("hostname", names[0]).returncode
    name = context.run("hostname").stdout.strip()
    first, _, domain = name.partition(".")
    context.out(first if "s" in flags else domain if "d" in flags else name)
    return 0
