# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A launchd daemon that must be gone with everything it left: files and its network location."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files, _names
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._launchd import Launchd
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

LIST_LOCATIONS = ["/usr/sbin/networksetup", "-listlocations"]


def measure(arguments: Arguments, context: Context) -> Measurement:
    """List what is left of it."""
    label, location = arguments.text("label"), arguments.optional_text("location")
    left = [f"{label} is loaded"] if Launchd(context.commands).job(label).loaded else []
    left += [path for path in [_names.launchd_plist(label), *arguments.texts("paths")] if _files.exists(path)]
    if location and location in context.commands.must(LIST_LOCATIONS).splitlines():
        left.append(f"network location {location}")
    return Measurement(not left, ", ".join(left) or "nothing", "nothing", "Repeat site.yml: it removes the rest.")


KIND = Kind("left of {label}", measure)
