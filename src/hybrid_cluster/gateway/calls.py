# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Calls of tools, which come in pieces, put together."""

from __future__ import annotations

import json
from typing import Any

from hybrid_cluster.gateway.errors import Failure


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


def named(call: dict[str, Any], backend: str) -> tuple[str, dict[str, Any]]:
    """Return the name of the tool that is called and its arguments, as an object.

    :raises Failure: the call has no name, or arguments that are not an object
    """
    function = call.get("function") or {}
    arguments = function.get("arguments")
    try:
        given = json.loads(arguments or "{}") if not isinstance(arguments, dict) else arguments
    except ValueError:
        given = None
    if not isinstance(given, dict) or not function.get("name"):
        raise Failure(502, f"{backend} sent a call of a tool that is not valid.", code="backend_error")
    return function["name"], given
