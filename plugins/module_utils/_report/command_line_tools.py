# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Apple's Command Line Tools."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import command_line_tools
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare whether they can be used."""
    wanted = arguments.switch("expected", True)
    tools = command_line_tools.read(context.commands)
    measured = f"{tools.version or 'without receipt'} in {tools.directory}" if tools.directory else "absent"
    return Measurement(
        tools.present == wanted, measured, "present" if wanted else "absent", "Repeat site.yml; the Mac must be online."
    )


KIND = Kind("Command Line Tools", measure)
