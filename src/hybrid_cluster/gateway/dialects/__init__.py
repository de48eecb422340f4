# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Anthropic's and Ollama's API over backends that have only OpenAI's."""
