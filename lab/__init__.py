# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The cluster in a box: simulated hosts, their network and their cables, on one Linux machine."""
