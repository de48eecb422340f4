# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A small program that behaves as exo 1.0.71 does towards its network, its files and its HTTP clients."""
