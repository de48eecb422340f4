# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Metrics for Prometheus of what has none of its own: exo, Squid and AdGuard Home."""
