# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A stand-in for vLLM: one program, which scenarios copy to a host."""

from __future__ import annotations

from pathlib import Path

from lab import archives


def program() -> bytes:
    """Return it as one file for Linux."""
    package = Path(__file__).parent / "standin"
    return archives.python_program(archives.INTERPRETERS["linux"], package, "vllm_standin")
