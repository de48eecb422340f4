# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Keeps the models of the table placed on exo. It runs on every node; the first that answers places for all."""
