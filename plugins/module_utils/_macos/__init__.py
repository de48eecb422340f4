# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Settings of a Mac, each read, planned, written and read back by a file named after it."""
