# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``uname``: Darwin on arm64."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/bin/uname",)
USAGE = "usage: uname [-amnoprsv]"


def main(context: Context) -> int:
    """Print the asked for parts in the order of the system's own program."""
    letters = "".join(word[1:] for word in context.argv) or "s"
    if any(not word.startswith("-") for word in context.argv) or set(letters) - set("amnoprsv"):
        unknown = next((letter for letter in letters if letter not in "amnoprsv"), "")
        if unknown:
            context.err(f"uname: illegal option -- {unknown}")
        context.err(USAGE)
        return 1
    wanted = "snrvm" if "a" in letters else letters
    values = {
        "s": "Darwin",
        "n": context.run("hostname").stdout.strip() if "n" in wanted else "",
        "r": context.profile.kernel,
        "v": context.profile.kernel_version,
        "m": "arm64",
        "p": "arm",
        "o": "Darwin",
    }
    context.out(" ".join(value for letter, value in values.items() if letter in wanted))
    return 0
