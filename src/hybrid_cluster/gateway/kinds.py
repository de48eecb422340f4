# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The APIs that clients speak, and the programs that answer."""

from __future__ import annotations

from enum import StrEnum


class Dialect(StrEnum):
    """Whose API a client speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OLLAMA = "ollama"


class Backend(StrEnum):
    """Which program answers."""

    EXO = "exo"
    LLAMA_CPP = "llama_cpp"
    OLLAMA = "ollama"
    VLLM = "vllm"
    MLX_LM = "mlx_lm"
    EXTERNAL = "external"
    """Somebody else's, which speaks OpenAI's API."""


class Form(StrEnum):
    """What the answer of an endpoint looks like."""

    CHAT = "chat"
    COMPLETION = "completion"
    RESPONSES = "responses"
    MESSAGES = "messages"
    OLLAMA_CHAT = "ollama_chat"
    OLLAMA_GENERATE = "ollama_generate"
    OLLAMA_EMBED = "ollama_embed"
    OLLAMA_EMBEDDINGS = "ollama_embeddings"
    EMBEDDINGS = "embeddings"
    RERANK = "rerank"
    COUNT = "count"
    AUDIO = "audio"


DIRECT = frozenset({Backend.LLAMA_CPP, Backend.VLLM})
"""Backends to which HAProxy may pass requests on by itself.

The others need a change: exo, Ollama and mlx_lm end failed answers like good ones. So do other endpoints of these two:
the messages of llama.cpp may lack their beginning, and its responses have no numbers.
"""
