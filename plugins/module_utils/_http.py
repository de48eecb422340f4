# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""HTTP requests inside the cluster: never through a proxy, always with a time limit; unit tests replace `fetch`."""

from __future__ import annotations

import base64
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._command import ClusterError

MAXIMUM_BYTES = 16 * 1024 * 1024


class HttpError(ClusterError):
    """There was no usable answer."""


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")


Fetch = Callable[..., Answer]
"""As `fetch` below."""


class _Unredirected(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer like any other: a health check asks one service, not whatever it points at."""

    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


# An empty proxy table: what the environment says about proxies is meant for the internet, not for this network.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Unredirected)


def basic(user: str, password: str) -> str:
    """Return the header that logs in."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def fetch(url: str, timeout: float, authorization: str | None = None) -> Answer:
    """Ask for a page; any HTTP status is an answer, only silence is an error."""
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise HttpError(f"{url} is not a valid address of the form http://host:port/path.")
    headers = {"Authorization": authorization} if authorization else {}
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - only what was just let through
        with _OPENER.open(request, timeout=timeout) as response:
            return Answer(response.status, response.read(MAXIMUM_BYTES))
    except urllib.error.HTTPError as error:
        return Answer(error.code, error.read(MAXIMUM_BYTES))
    except urllib.error.URLError as error:
        raise HttpError(f"{url} does not answer: {_reason(error.reason, timeout)}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise HttpError(f"{url} does not answer: {_reason(error, timeout)}") from error


def fetch_json(fetch_page: Fetch, url: str, timeout: float) -> Any:
    """Ask for a JSON document."""
    answer = fetch_page(url, timeout)
    if answer.status != 200:
        raise HttpError(f"{url} answers with status {answer.status}: {' '.join(answer.text.split())[:200]}")
    try:
        return json.loads(answer.body)
    except ValueError:
        raise HttpError(f"{url} answers with something that is not valid JSON: {answer.text[:80]!r}") from None


def _reason(error: object, timeout: float) -> str:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return f"no answer within {timeout:g} seconds"
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
