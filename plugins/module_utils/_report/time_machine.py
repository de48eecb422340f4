# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Automatic Time Machine backups."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._macos import time_machine
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
    compare,
)


def measure(arguments: Arguments, context: Context) -> Measurement:
    """Compare whether backups run by themselves."""
    wanted = arguments.switch("expected")
    return compare(time_machine.read(context.commands)["automatic"], wanted, time_machine.FULL_DISK_ACCESS)


KIND = Kind("automatic Time Machine backups", measure)
