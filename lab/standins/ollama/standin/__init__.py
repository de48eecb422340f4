# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama as far as the collection relies on it: its store of models, its API, and where a model's memory is."""

VERSION = "0.34.4"
