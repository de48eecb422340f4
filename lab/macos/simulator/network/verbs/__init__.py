# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The verbs of ``networksetup``, a module for each subject with a table ``VERBS`` of what it knows."""
