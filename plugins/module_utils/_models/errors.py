# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The error class of everything about models."""

from __future__ import annotations

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError


class ModelError(ClusterError):
    """A model cannot be had or is not what it should be; one sentence for a person."""
