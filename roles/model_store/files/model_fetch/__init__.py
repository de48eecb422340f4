# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Fetches models to the store: whole, verified, and put in place in one step; it goes on where it was cut off."""
