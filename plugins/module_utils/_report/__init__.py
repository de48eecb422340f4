# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The node report: each file measures one kind of thing; `_registry` lists them."""
