# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The network of a simulated Mac: its stored preferences and the real interfaces that are brought to them."""
