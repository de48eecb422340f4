# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Environments of programs: `lock` is what is in one, `interpreter` runs it, `installer` makes it in a `tree`."""
