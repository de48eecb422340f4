# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The model hub of the lab: generated models behind the addresses, headers and accidents of the real one."""
