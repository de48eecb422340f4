# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""System daemons of launchd: `control` asks and commands launchd, `job` brings one daemon to a wanted state."""
