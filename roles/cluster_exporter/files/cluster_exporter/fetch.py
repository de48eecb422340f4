# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Requests inside the cluster: past every proxy, always with a time limit."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.request
from typing import Any

SECONDS = 5.0
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SourceError(Exception):
    """A source did not answer, or not as it should."""


class RefusedError(SourceError):
    """A source refuses our password."""


def text(url: str, user: str = "", password: str = "") -> str:
    """Return a page."""
    request = urllib.request.Request(url)  # noqa: S310 - addresses of ours, http only
    if user:
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    try:
        with _OPENER.open(request, timeout=SECONDS) as response:
            body: bytes = response.read()
    except urllib.error.HTTPError as error:
        kind = RefusedError if error.code in (401, 403) else SourceError
        raise kind(f"{url} answers with status {error.code}") from None
    except (OSError, http.client.HTTPException) as error:
        raise SourceError(f"{url} does not answer: {getattr(error, 'reason', error)}") from None
    return body.decode("utf-8", "replace")


def document(url: str, user: str = "", password: str = "") -> Any:
    """Return a JSON document."""
    try:
        return json.loads(text(url, user, password))
    except ValueError:
        raise SourceError(f"{url} answers with something that is not valid JSON") from None
