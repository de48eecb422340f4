# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The packet filter of a simulated Mac: its rules are read, kept, printed, and really applied to its network."""
