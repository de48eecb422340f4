# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Texts of ``networksetup``."""

from __future__ import annotations

HELP_HEAD = "networksetup Help Information\n-------------------------------"
NOT_PRIVILEGED = "** Error: Command requires admin privileges."
NOT_COMMITTED = "Unable to commit changes to network database"
