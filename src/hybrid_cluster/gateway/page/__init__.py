# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The status page: what `cluster status` and its neighbours say, live, with a chat, behind the web front."""
