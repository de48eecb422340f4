# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Settings that the real program takes or refuses when it starts, as it did: for the contract and for our own check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def rewrite(domain: str, answer: str) -> dict[str, Any]:
    """Return a rewrite, as a part of the file."""
    return {"filtering": {"rewrites": [{"domain": domain, "answer": answer, "enabled": True}]}}


def upstream(text: str) -> dict[str, Any]:
    """Return a server for domains or names that nobody asks for, beside one that answers."""
    return {"dns": {"fallback_dns": [text]}}


TAKEN: Mapping[str, dict[str, Any]] = {
    "a rewrite to an address": rewrite("nas.olab", "10.66.1.50"),
    "a rewrite to a name": rewrite("nas.olab", "disk.olab"),
    "a rewrite to a name in other letters": rewrite("nas.olab", "Disk.OLAB"),
    "a rewrite to what the server says": rewrite("nas.olab", "A"),
    "a rewrite of every name": rewrite("*", "10.66.1.50"),
    "an asterisk within a name": rewrite("a.*.olab", "10.66.1.50"),
    "a rewrite of a name with an umlaut": rewrite("büro.olab", "10.66.1.50"),
    "a rewrite to a name with an umlaut": rewrite("nas.olab", "büro.olab"),
    "an upstream with a user": upstream("https://user:password@dns.example/dns-query"),
    "two servers for a domain": upstream("[/olab/]9.9.9.9 1.1.1.1"),
    "an upstream with a port": upstream("tls://dns.example:853"),
    "a comment among bootstrap servers": {"dns": {"bootstrap_dns": ["# none of the provider's", "127.0.0.1"]}},
}
REFUSED: Mapping[str, dict[str, Any]] = {
    "a rewrite to a name with an underscore": rewrite("nas.olab", "nas_1"),
    "a rewrite to a name with a dot at its end": rewrite("nas.olab", "nas.olab."),
    "a rewrite to a name that ends in a digit": rewrite("nas.olab", "a.1"),
    "a rewrite to a name that ends in digits": rewrite("nas.olab", "nas.123"),
    "a rewrite without an answer": rewrite("nas.olab", ""),
    "an upstream with an underscore": upstream("tls://my_dns.example"),
    "an upstream with a port that there is not": upstream("9.9.9.9:99999"),
    "a bootstrap server with a name": {"dns": {"bootstrap_dns": ["dns.example"]}},
    "a page without an address": {"http": {"address": ":3000"}},
    "a page at a name": {"http": {"address": "localhost:3000"}},
}
