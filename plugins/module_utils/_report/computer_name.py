# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The three names of a Mac."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

SCUTIL = "/usr/sbin/scutil"
NAMES = ("ComputerName", "LocalHostName", "HostName")


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare the names with one another and with the inventory's."""
    wanted = arguments.text("expected")
    results = [context.commands.run([SCUTIL, "--get", name]) for name in NAMES]
    current = [result.out.strip() if result.rc == 0 else "not set" for result in results]
    different = [f"{name} {value}" for name, value in zip(NAMES, current) if value != wanted]
    return Measurement(not different, ", ".join(different) or wanted, wanted, "Repeat site.yml.")


KIND = Kind("computer name", measure)
