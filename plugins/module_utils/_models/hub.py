# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a model hub says about a repository before anything of it is fetched: licence, access, files and their sizes.

Asked directly, never through a proxy: a cache would keep another copy of every model.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _wait
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import text
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 30.0
"""How long the hub may be silent."""
PAUSES = (1, 2, 4)
"""Seconds before each further try, unless the hub names its own."""
LONGEST_PAUSE = 30
BUSY = (408, 429, 500, 502, 503, 504)
MOST_BYTES = 64 << 20
MOST_PAGES = 1000
_MAC_ROOTS = "/etc/ssl/cert.pem"


@dataclass(frozen=True)
class Listed:
    """A file as a hub lists it."""

    path: str
    size: int
    sha256: str | None
    """Of its content, where Git LFS keeps it."""
    git_sha1: str | None = None
    """The name that git has for its content, where git keeps it."""


@dataclass(frozen=True)
class Information:
    """What a hub says about a repository."""

    license: str
    """`unknown` where it names none."""
    gated: bool


@dataclass(frozen=True)
class Asked:
    """What was asked of a hub."""

    endpoint: str
    repository: str
    revision: str
    has_token: bool

    def refused(self, status: int, headers: Mapping[str, str]) -> str:
        """Return the sentence for a status that the hub refuses with, and its own code in the headers."""
        lower = {key.lower(): value for key, value in headers.items()}
        code = lower.get("x-error-code", "")
        page, name = f"{self.endpoint}/{self.repository}", self.repository
        if code == "RevisionNotFound":
            return f"{name} has no commit {self.revision} at {self.endpoint}: write another one as its revision."
        if code == "EntryNotFound" or (status == 404 and not code):
            return f"{name} at {self.revision} lacks a file that its listing names: write another revision."
        if code == "GatedRepo" and not self.has_token:
            return (
                f"{name} is gated and there is no token: accept its terms at {page}, make a token for reading"
                " there and set model_store_token."
            )
        if code == "GatedRepo":
            return (
                f"{name} is gated and the token in model_store_token has no access to it: accept its terms at"
                f" {page} with the account of that token."
            )
        if status == 401 and self.has_token and code != "RepoNotFound":
            return (
                f"{self.endpoint} does not accept the token in model_store_token: it is mistyped or revoked; make"
                " another one."
            )
        if code == "RepoNotFound" or status in (401, 403):
            private = "" if self.has_token else ", or it is private and needs model_store_token"
            return f"{self.endpoint} has no repository {self.repository}{private}: look for its name at {page}."
        if status == 429:
            wait = lower.get("retry-after")
            when = f" It asks to wait {wait} seconds." if wait else ""
            return f"{self.endpoint} answers {self.repository} with 429, too many requests.{when} Repeat the run later."
        return f"{self.endpoint} answers {self.repository} with {status}: repeat the run when it is well again."


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, and gives the token to nobody but the hub."""

    def redirect_request(self, req: Any, fp: Any, code: int, *others: Any) -> Any:
        if req.get_method() == "HEAD":
            return None
        new = super().redirect_request(req, fp, code, *others)
        if new is not None and _origin(new.full_url) != _origin(req.full_url):
            new.remove_header("Authorization")
        return new


def _origin(url: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


def trust() -> ssl.SSLContext:
    """Return what certificates are checked with; a Python of our own on a Mac may not know the system's roots."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and Path(_MAC_ROOTS).exists():
        context.load_verify_locations(_MAC_ROOTS)
    return context


def open_directly(request: urllib.request.Request) -> Any:
    """Send a request past every proxy."""
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust()), _Redirects
    )
    return opener.open(request, timeout=SECONDS)


class Hub:
    """A hub at an address, asked with a token or without."""

    def __init__(self, endpoint: str, token: str | None = None) -> None:
        self.endpoint = endpoint.rstrip("/")
        self._token = token

    def information(self, repository: str, revision: str) -> Information:
        """Return what the hub says about a repository.

        :raises ModelError: there is no such repository or commit, or the hub does not answer
        """
        said = self._json(f"/api/models/{repository}/revision/{revision}", repository, revision)
        try:
            return Information(_license(said), said.get("gated") not in (False, None))
        except AttributeError:
            raise self._nonsense(repository) from None

    def files(self, repository: str, revision: str) -> list[Listed]:
        """Return the files of a commit, all pages of them."""
        url: str | None = f"{self.endpoint}/api/models/{repository}/tree/{revision}?recursive=true&expand=false"
        found: list[Listed] = []
        for _ in range(MOST_PAGES):
            if url is None:
                break
            answer, headers = self._get(url, repository, revision)
            try:
                found += [_listed(entry) for entry in json.loads(answer) if entry.get("type") == "file"]
            except (AttributeError, KeyError, TypeError, ValueError):
                raise self._nonsense(repository) from None
            url = _next(headers.get("Link", ""))
        return found

    def content(self, repository: str, revision: str, path: str) -> bytes:
        """Return a small file."""
        return self._get(self.address(repository, revision, path), repository, revision)[0]

    def check_access(self, repository: str, revision: str, path: str) -> None:
        """Fail unless the files of a repository are given to this token.

        :raises ModelError: they are not; the sentence says what to do
        """
        self._get(self.address(repository, revision, path), repository, revision, "HEAD")

    def address(self, repository: str, revision: str, path: str) -> str:
        """Return where a file is."""
        return f"{self.endpoint}/{repository}/resolve/{revision}/{urllib.parse.quote(path)}"

    def _json(self, path: str, repository: str, revision: str) -> Any:
        try:
            return json.loads(self._get(f"{self.endpoint}{path}", repository, revision)[0])
        except ValueError:
            raise self._nonsense(repository) from None

    def _get(self, url: str, repository: str, revision: str, method: str = "GET") -> tuple[bytes, Any]:
        headers = {"Accept-Encoding": "identity", "User-Agent": "hybrid_ai.cluster"}
        if self._token and _origin(url) == _origin(self.endpoint):
            headers["Authorization"] = f"Bearer {self._token}"
        if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
            raise ModelError(f"{url} is not a valid address of a hub; write https://host in model_store_endpoint.")
        pauses = list(PAUSES)
        while True:
            try:
                request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310 - looked at above
                with open_directly(request) as response:
                    return response.read(MOST_BYTES), response.headers
            except urllib.error.HTTPError as error:
                with error:
                    if method == "HEAD" and error.code in (301, 302, 303, 307, 308):
                        return b"", error.headers
                    wait = _pause(error.headers.get("Retry-After"), pauses) if error.code in BUSY else None
                    if wait is None:
                        raise self._refusal(error, repository, revision) from None
            except (OSError, http.client.HTTPException) as error:
                wait = pauses.pop(0) if pauses else None
                if wait is None:
                    raise ModelError(
                        f"{self.endpoint} does not answer ({reason(error)}), so {repository} cannot be fetched: give"
                        " this host a way to it, or set model_store_endpoint to a mirror."
                    ) from None
            _wait.sleep(wait)

    def _refusal(self, error: urllib.error.HTTPError, repository: str, revision: str) -> ModelError:
        asked = Asked(self.endpoint, repository, revision, bool(self._token))
        headers = dict(error.headers.items())
        return ModelError(asked.refused(error.code, headers))

    def _nonsense(self, repository: str) -> ModelError:
        return ModelError(
            f"{self.endpoint} says nothing that can be read about {repository}: model_store_endpoint has to be the"
            " address of a model hub."
        )


def _license(said: dict[str, Any]) -> str:
    """Return the licence that a repository names in its card, or among its tags."""
    card = said.get("cardData") or {}
    named = card.get("license") or next(
        (tag.partition(":")[2] for tag in said.get("tags") or [] if str(tag).startswith("license:")), None
    )
    if isinstance(named, list):
        named = ", ".join(sorted(map(str, named)))
    if named == "other" and card.get("license_name"):
        named = card["license_name"]
    return text.name(str(named)) if named else "unknown"


def _listed(entry: dict[str, Any]) -> Listed:
    lfs = entry.get("lfs")
    if lfs:
        return Listed(str(entry["path"]), int(lfs["size"]), str(lfs["oid"]))
    return Listed(str(entry["path"]), int(entry["size"]), None, str(entry["oid"]))


def _next(link: str) -> str | None:
    """Return the page that follows, by a header like `<url>; rel="next"`."""
    for part in link.split(","):
        address, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            return address.strip().strip("<>")
    return None


def _pause(retry_after: str | None, pauses: list[int]) -> float | None:
    """Return how long to wait before the next try, or None where none is left or the hub wants too long a wait."""
    if not pauses:
        return None
    wait = pauses.pop(0)
    with contextlib.suppress(TypeError, ValueError):
        wait = max(wait, int(retry_after or ""))
    return wait if wait <= LONGEST_PAUSE else None


def reason(error: Exception) -> str:
    """Return why there was no answer, in a few words."""
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    said = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return " ".join(str(said).split())
