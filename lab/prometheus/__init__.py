# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Archives of the Prometheus family as upstream names them, with the real programs of Debian inside."""
