# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Calls of tools, which come in pieces, put together."""

from __future__ import annotations

from typing import Any


class Calls:
    """The calls of one answer."""

    def __init__(self) -> None:
        self._calls: dict[int, dict[str, str]] = {}

    def add(self, piece: dict[str, Any]) -> None:
        """Add a piece, which has its index."""
        call = self._calls.setdefault(piece["index"], {"id": "", "name": "", "arguments": ""})
        function = piece["function"] if isinstance(piece.get("function"), dict) else {}
        call["id"] = call["id"] or str(piece.get("id") or "")
        call["name"] += str(function.get("name") or "")
        call["arguments"] += str(function.get("arguments") or "")

    def all(self) -> list[dict[str, Any]]:
        """Return the calls as an answer of OpenAI's API has them."""
        return [
            {
                "id": call["id"] or f"call_{index}",
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for index, call in sorted(self._calls.items())
        ]
