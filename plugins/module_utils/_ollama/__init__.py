# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What Ollama keeps and says: names, its store of models, and what is loaded."""
