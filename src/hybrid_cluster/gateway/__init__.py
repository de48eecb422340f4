# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One address for every model: OpenAI's, Anthropic's and Ollama's API in front of all backends."""
