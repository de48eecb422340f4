# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Services of both platforms: described once, run by `systemd` or `launchd`, checked by `health`."""
