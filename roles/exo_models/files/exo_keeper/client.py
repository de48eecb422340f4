# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Questions to exo and to the other keepers: past every proxy, always with a time limit."""

from __future__ import annotations

import http.client
import json
from typing import Any

SECONDS = 5.0


class ClientError(Exception):
    """Nobody answered, or not as they should."""


class RefusedError(ClientError):
    """exo does not do what it was asked; the text is its reason."""


def ask(address: str, port: int, path: str, body: Any = None, *, method: str = "", seconds: float = SECONDS) -> Any:
    """Return a JSON document; a body is sent as JSON."""
    where = f"http://{address}:{port}{path.partition('?')[0]}"
    connection = http.client.HTTPConnection(address, port, timeout=seconds)
    try:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data is not None else {}
        connection.request(method or ("GET" if data is None else "POST"), path, data, headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise ClientError(f"{where} does not answer: {error}") from None
    finally:
        connection.close()
    if response.status >= 400:
        raise RefusedError(_reason(text) or f"{where} answers with status {response.status}")
    try:
        return json.loads(text)
    except ValueError:
        raise ClientError(f"{where} answers with something that is not valid JSON") from None


def _reason(text: str) -> str:
    """Return the reason in exo's envelope of an error."""
    try:
        return " ".join(str(json.loads(text)["error"]["message"]).split())[:300]
    except (ValueError, KeyError, TypeError):
        return ""
