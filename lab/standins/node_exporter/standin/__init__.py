# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""node_exporter as it is on macOS, run on a simulated Mac: Darwin's names and labels, this machine's numbers."""
