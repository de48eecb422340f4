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
"""The limit matches no host, or there is no host or model of this name."""
HOSTS_FAILED = 5
"""A task failed, a host could not be reached, woken or sent to sleep, or what was measured is not as it should be."""
INCOMPLETE = 6
"""A run ended without a word about every host that it was asked for."""
BUSY = 7
"""Another run has this inventory."""
GATEWAY = 8
"""No gateway answers."""
REFUSED = 9
"""There is no key for the gateway, or it does not take this one."""
INTERRUPTED = 130
"""Somebody pressed Ctrl-C."""
