# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The version of the operating system."""

from __future__ import annotations

import re

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _files
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare with `minimum` where it is given."""
    minimum = arguments.optional_text("minimum")
    if context.is_macos:
        name, version = "macOS", context.commands.check_output(["/usr/bin/sw_vers", "-productVersion"]).strip()
    else:
        text = (_files.read("/etc/os-release") or b"").decode("utf-8", "replace")
        values = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
        name, version = values.get("NAME", "Linux"), values.get("VERSION_ID", "")
    return Measurement(
        ok=minimum is None or _numbers(version) >= _numbers(minimum),
        measured=f"{name} {version}".rstrip(),
        expected=f"{minimum} or later" if minimum else "any",
        advice="Update the operating system.",
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


KIND = Kind("operating system", measure)
