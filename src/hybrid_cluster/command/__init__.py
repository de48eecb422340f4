# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The command `cluster`: what the cluster is and does, and the common things done without reading YAML."""
