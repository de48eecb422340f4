# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""vLLM as far as the collection relies on it; README.md says where each behaviour was read."""

VERSION = "0.33.0"
