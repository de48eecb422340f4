# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A Mac for the lab: a file system layer over Debian, a simulator of macOS's programs, a relocatable Python."""
