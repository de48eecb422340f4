# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Stand-in for exo: the program, the application bundle around it and the disk image that carries them."""
