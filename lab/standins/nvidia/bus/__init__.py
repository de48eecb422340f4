# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A simulated PCI bus with NVIDIA GPUs, and the parts of a kernel that a driver meets: see README.md."""
