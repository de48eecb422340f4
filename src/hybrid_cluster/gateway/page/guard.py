# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who may ask for the page, and what a browser may do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hybrid_cluster.gateway.errors import Failure
from hybrid_cluster.gateway.keys import KeyKind

if TYPE_CHECKING:
    from aiohttp import web

    from hybrid_cluster.gateway.keys import Key, KeyFile

HEADERS = {
    # Nothing is fetched from elsewhere, nothing in the page itself is run, and no other page shows it in a frame.
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def key_of_the_front(request: web.BaseRequest, keys: KeyFile, name: str) -> Key:
    """Return the key that the web front alone has: it sends it for whoever has logged in there."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    key = keys.find(secret.strip() if kind.lower() == "bearer" else "")
    if key.name != name or key.kind is not KeyKind.ADMINISTRATOR:
        raise Failure(403, f"The key {key.name!r} does not open the page.", code="wrong_kind_of_key")
    return key


def refuse_other_pages(request: web.BaseRequest) -> None:
    """Refuse to do what a page of another site asks in the browser of somebody who has logged in.

    The web front does so too. A form cannot send JSON, and a script of another site that does says where it is from.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "same-origin")
    own = _place(f"//{request.headers.get('Host', '')}")
    if site != "same-origin" or (origin is not None and _place(origin) != own):
        raise Failure(403, "Only its own page may ask for this.", code="foreign_page", final=True)
    if request.content_type != "application/json":
        raise Failure(415, "Send JSON.", code="not_json", final=True)


def _place(address: str) -> tuple[str, int]:
    """Return the host and the port of an origin or of what a client calls this server; a bad one is nobody's."""
    try:
        parts = urlsplit(address)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", 0
