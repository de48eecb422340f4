# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``ioreg``: of the registry only the GPU, asked for by its class; the simulated one never works.

Its form is that of reports that people publish of Macs with Apple silicon; it was not captured by this project.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..tool import Context

PATHS = ("/usr/sbin/ioreg",)
CLASS = "IOAccelerator"
USAGE = "usage: ioreg [-abfilrtx] [-c class] [-d depth] [-k key] [-n name] [-p plane] [-w width]"
WITH_VALUE = "cdknpw"
GPU = """+-o AGXAcceleratorG16G  \
<class AGXAcceleratorG16G, id 0x100000512, registered, matched, active, busy 0 (0 ms), retain 92>
    {
      "IOClass" = "AGXAcceleratorG16G"
      "PerformanceStatistics" = {"In use system memory (driver)"=0,"Tiler Utilization %"=0,"recoveryCount"=0,\
"Renderer Utilization %"=0,"Device Utilization %"=0,"Allocated PB Size"=524288,"In use system memory"=14778368}
      "model" = "Apple M4"
    }
"""


def main(context: Context) -> int:
    """Print the entries of a class, which are none of every other one."""
    options, words = {}, list(context.argv)
    while words:
        word = words.pop(0)
        if not word.startswith("-") or len(word) < 2:
            context.err(USAGE)
            return 1
        if word[1] in WITH_VALUE:
            if not words:
                context.err(USAGE)
                return 1
            options[word[1]] = words.pop(0)
    if options.get("c") == CLASS:
        context.out(GPU)
    return 0
