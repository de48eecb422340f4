# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the keeper asks the router, on the loopback and past every proxy."""

from __future__ import annotations

import http.client
import json
import re
from typing import Any
from urllib.parse import urlsplit

SECONDS = 120.0
"""A reload waits for models to be let go."""
RUNNING = ("loading", "loaded", "sleeping")
# A line of the router's own; those of its models begin with their port.
_ENDED = re.compile(r"^(?!\[)[^\[]*\binstance name=(\S+) exited with status (-?\d+)\s*$")


def ended(line: str) -> str | None:
    """Return the model that a line of the log says has ended by itself or was killed."""
    found = _ENDED.match(line)
    return found[1] if found and int(found[2]) else None


class Router:
    """One router."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), parts.port or 80
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def states(self, *, reload: bool = False) -> dict[str, str] | None:
        """Return the state of each model, after the file was read again where that is wanted; None: no answer."""
        try:
            listed = self._get(f"/models{'?reload=1' if reload else ''}")["data"]
            return {str(entry["id"]): str((entry.get("status") or {}).get("value")) for entry in listed}
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=SECONDS)
        try:
            connection.request("GET", path, headers=self._headers)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()
