# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One request to the HTTP API of a program on this host, never through a proxy."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError


class ApiError(ClusterError):
    """A program does not answer, or not with what it was asked for."""


def request(url: str, method: str, path: str, body: Any, *, seconds: float, api_key: str | None = None) -> str:
    """Return the text of an answer with status 200.

    :param url: the program's address; of it only host and port count
    :param path: path with query
    :param body: what is sent as JSON; None sends nothing
    :param seconds: how long each step may take: to connect, and until more of the answer comes
    :raises ApiError: nobody answers, or with another status
    """
    parts = urlsplit(url)
    headers = {"Content-Type": "application/json"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=seconds)
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise ApiError(f"{url}{path} does not answer: {error or type(error).__name__}.") from error
    finally:
        connection.close()
    if status != http.client.OK:
        raise ApiError(f"{url}{path} answers with status {status}: {' '.join(text.split())[:200]}")
    return text
