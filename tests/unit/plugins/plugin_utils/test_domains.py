# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Which domain may be the cluster's: one in which all names are its own."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._domains import domain_fault

FINE = [
    *("olab", "home", "lan", "corp", "cluster", "OLab", "mini-1", "lab2", "test"),
    *("home.arpa", "lab.home.arpa", "internal", "ai.internal", "home.lan", "my.olab", "a.b.c.olab"),
    # Somebody's own: below a domain that they have.
    *("cluster.example.com", "lab.example.co.uk", "cluster.example.de", "ai.lab.example.org", "olab.home.example.net"),
    # What looks like a suffix below a name that is none.
    *("co.olab", "com.lan"),
]
PRIVATE = "write home.arpa or internal."
BELOW = (
    "and names below it belong to others on the internet; write home.arpa, internal or a name below a domain of your "
    "own."
)
OWNED = (
    "which is a domain of the internet, and names of the cluster would hide those of its owner; write home.arpa, "
    "internal or, if it is yours, a name below it such as cluster."
)
SPECIAL = {
    "local": "names in .local belong to multicast DNS, which Macs ask instead of a DNS server",
    "x.local": "names in .local belong to multicast DNS, which Macs ask instead of a DNS server",
    "Office.LOCAL": "names in .local belong to multicast DNS, which Macs ask instead of a DNS server",
    "localhost": "names in .localhost mean every machine itself",
    "cluster.localhost": "names in .localhost mean every machine itself",
    "cluster.invalid": "names in .invalid are never found",
    "abc.onion": "names in .onion are those of Tor",
    "cluster.alt": "names in .alt are looked up elsewhere than in DNS",
    "arpa": "names in .arpa are those of the DNS itself",
    "in-addr.arpa": "names in .arpa are those of the DNS itself",
    "myhome.arpa": "names in .arpa are those of the DNS itself",
    "tb": "names in .tb are those of Thunderbolt neighbours",
}
MALFORMED: list[Any] = [
    *(
        "",
        " ",
        "my domain",
        "olab.",
        ".olab",
        "a..b",
        "-olab",
        "olab-",
        "my_lab",
        "olab/",
        "http://olab",
        "olab:80",
        "*.olab",
    ),
    *("10.66.1.10", "1", "lab.7", "é", "x" * 64, 7, ["olab"]),
]


@pytest.mark.parametrize("domain", FINE)
def test_a_domain_of_one_s_own(domain: str) -> None:
    assert domain_fault(domain) is None


@pytest.mark.parametrize(("domain", "reason"), SPECIAL.items())
def test_one_that_is_looked_up_in_another_way(domain: str, reason: str) -> None:
    assert domain_fault(domain) == f"cluster_domain is {domain}, but {reason}; {PRIVATE}"


@pytest.mark.parametrize("domain", ["com", "ai", "dev", "box", "cloud", "co.uk", "com.au", "ac.jp", "xn--p1ai", "DE"])
def test_one_that_gives_names_to_others(domain: str) -> None:
    assert domain_fault(domain) == f"cluster_domain is {domain}, {BELOW}"


@pytest.mark.parametrize(
    "domain",
    ["google.com", "Google.com", "github.io", "fritz.box", "google.co.uk", "example.org", "mini.ai", "x.xn--p1ai"],
)
def test_one_that_somebody_has(domain: str) -> None:
    assert domain_fault(domain) == f"cluster_domain is {domain}, {OWNED}{domain.lower()}."


@pytest.mark.parametrize("domain", MALFORMED)
def test_none_at_all(domain: Any) -> None:
    assert domain_fault(domain) == (
        f"cluster_domain is {domain!r}, which is not a domain; write letters, digits and inner hyphens, with dots "
        "between, such as home.arpa."
    )
