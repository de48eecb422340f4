# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the command ends with, for scripts: these numbers keep their meaning."""

from __future__ import annotations

OK = 0
FAILED = 1
"""Something that has no number of its own."""
USAGE = 2
"""The command line is not understood."""
INVENTORY = 3
"""There is no inventory, it cannot be read, or it has mistakes."""
NO_HOSTS = 4
"""The limit matches no host."""
HOSTS_FAILED = 5
"""A task failed, a host could not be reached, or what was measured is not as it should be."""
INCOMPLETE = 6
"""A run ended without a word about every host that it was asked for."""
BUSY = 7
"""Another run has this inventory."""
INTERRUPTED = 130
"""Somebody pressed Ctrl-C."""
