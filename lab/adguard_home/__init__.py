# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A small stand-in for AdGuard Home, which no package registry carries: DNS, its file, the API as far as we use it."""
