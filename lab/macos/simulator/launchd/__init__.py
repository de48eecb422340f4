# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""launchd: the first process of a simulated Mac, which really runs what property lists say."""
