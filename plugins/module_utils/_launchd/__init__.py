# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""System daemons of launchd.

`control` asks and commands launchd, `job` brings one daemon to a wanted state, `undo_job` takes a change back that
nobody confirms, `leftovers` names what is left of a daemon that must be gone.
"""
