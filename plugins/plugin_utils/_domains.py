# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which domains can be the cluster's: those whose names are nobody else's."""

from __future__ import annotations

import re

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._top_level_domains import COUNTRIES, GENERIC

NAME = "cluster_domain"
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# The last label is not a number, or names would look like addresses.
_DOMAIN = re.compile(rf"({_LABEL}\.)*(?![0-9]+$){_LABEL}", re.IGNORECASE)

PRIVATE = ("home.arpa", "internal")
"""RFC 8375, and ICANN's resolution of July 2024."""
_LONGEST = 253 - 64
"""A whole name has 253 characters at most, and that of a host up to 63 of them, and a dot."""

_SPECIAL = {
    "alt": "names in .alt are looked up elsewhere than in DNS",
    "arpa": "names in .arpa are those of the DNS itself",
    "invalid": "names in .invalid are never found",
    "local": "names in .local belong to multicast DNS, which Macs ask instead of a DNS server",
    "localhost": "names in .localhost mean every machine itself",
    "onion": "names in .onion are those of Tor",
    "tb": "names in .tb are those of Thunderbolt neighbours",
}
"""Top-level domains that resolvers treat in another way (RFC 6761, 6762, 7686, 9476), or that a role of ours uses."""

_SECOND_LEVEL = ("ac", "co", "com", "edu", "gob", "gov", "go", "mil", "ne", "net", "nom", "or", "org")
"""Below which countries give names, such as co.uk."""


def form_fault(domain: object) -> str | None:
    """Say why a text is not a valid domain at all."""
    if isinstance(domain, str) and _DOMAIN.fullmatch(domain):
        if len(domain) <= _LONGEST:
            return None
        return f"{NAME} has {len(domain)} characters, which leave no room for names below it; write {_LONGEST} at most."
    return (
        f"{NAME} is {domain!r}, which is not a domain; write letters, digits and inner hyphens, with dots between, "
        "such as home.arpa."
    )


def domain_fault(domain: object) -> str | None:
    """Say why a domain cannot be the cluster's."""
    fault = form_fault(domain)
    if fault:
        return fault
    name = str(domain).lower()
    if any(name == private or name.endswith(f".{private}") for private in PRIVATE):
        return None
    labels = name.split(".")
    if labels[-1] in _SPECIAL:
        return f"{NAME} is {domain}, but {_SPECIAL[labels[-1]]}; write {' or '.join(PRIVATE)}."
    given_by_others = _labels_given_by_others(labels)
    listed = ", ".join(PRIVATE)
    if len(labels) <= given_by_others:
        return (
            f"{NAME} is {domain}, and names below it belong to others on the internet; write {listed} or a name below "
            "a domain of your own."
        )
    if given_by_others and len(labels) == given_by_others + 1:
        return (
            f"{NAME} is {domain}, which is a domain of the internet, and names of the cluster would hide those of its "
            f"owner; write {listed} or, if it is yours, a name below it such as cluster.{name}."
        )
    return None


def _labels_given_by_others(labels: list[str]) -> int:
    """Return how many labels at the end of a name are of the internet and nobody's own; none of a private name."""
    last = labels[-1]
    if last in COUNTRIES and len(labels) > 1 and labels[-2] in _SECOND_LEVEL:
        return 2
    return int(last in COUNTRIES or last in GENERIC or last.startswith("xn--"))
