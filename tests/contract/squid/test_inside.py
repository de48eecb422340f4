# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Nothing inside the site is reached through the cache, whatever it is called and however it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.squid.conftest import HOST, INSIDE, NEIGHBOUR, NODE, PUBLIC, PUBLIC_6

if TYPE_CHECKING:
    from tests.contract.squid.conftest import Cache


def bracketed(address: str) -> str:
    """Write an address as it stands in a URL."""
    return f"[{address}]" if ":" in address else address


SPELLINGS = [
    *(bracketed(address) for address in INSIDE),
    # Names that resolve to the inside, in every form that a name has.
    *("neighbour.example", "NEIGHBOUR.example", "neighbour.example.", "metadata.example", "container.example"),
    *("cable.example", "unique-local.example", "olab0", "user:password@neighbour.example"),
    # The same addresses as one number, in hexadecimal, in octal, short, and as IPv6.
    *("172097891", "0xA420163", "0xa.0x42.0x1.0x63", "012.0102.01.0143", "10.66.355", "10.4325731"),
    *("[::ffff:10.66.1.99]", "[::ffff:a42:163]", "[0:0:0:0:0:ffff:a42:163]", "[::10.66.1.99]"),
    # Every name of the loopback.
    *("127.0.0.1", "127.1", "127.9.9.9", "2130706433", "0x7f000001", "017700000001", "0", "0.0.0.0", "localhost"),
    *("localhost.", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]"),
]
PATHS = ["/", "/squid-internal-mgr/../x", "/squid-internal-mgr/%2e%2e/x", "/squid-internal-static/x"]
# What could lead somewhere else than the address that was asked about.
REQUESTS = {
    "another host in the header": "GET / HTTP/1.1\r\nHost: {inside}\r\nConnection: close\r\n\r\n",
    "a name in the line, an address in the header": (
        "GET http://neighbour.example/ HTTP/1.1\r\nHost: site.example\r\nConnection: close\r\n\r\n"
    ),
    "an absolute name in a tunnel's place": "CONNECT {inside}:80 HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "a tunnel to a port of HTTPS": "CONNECT {inside}:443 HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    "the scheme of Squid's own pages": "GET cache_object://{inside}/info HTTP/1.0\r\n\r\n",
    "FTP": "GET ftp://{inside}/ HTTP/1.0\r\n\r\n",
    "no scheme": "GET {inside}/ HTTP/1.0\r\n\r\n",
    "whois": "GET whois://{inside}/x HTTP/1.0\r\n\r\n",
    "HTTP 0.9": "GET http://{inside}/\r\n\r\n",
    "a list of hops": (
        "OPTIONS http://{inside}/ HTTP/1.1\r\nHost: {inside}\r\nMax-Forwards: 3\r\nConnection: close\r\n\r\n"
    ),
}


@pytest.mark.parametrize("port", [80, 8098])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_leads_inside(cache: Cache, spelling: str, port: int) -> None:
    cache.pages.asked.clear()
    answers = [cache.get(f"http://{spelling}:{port}{path}") for path in PATHS]
    assert cache.pages.asked == []
    assert not any("page of" in answer for answer in answers)


@pytest.mark.parametrize("way", [0, 1])
@pytest.mark.parametrize("kind", REQUESTS)
def test_no_kind_of_request_leads_inside(cache: Cache, kind: str, way: int) -> None:
    for inside in (NEIGHBOUR, "127.0.0.1", "169.254.169.254", "neighbour.example"):
        cache.pages.asked.clear()
        answer = cache.ask(REQUESTS[kind].format(inside=inside), port=cache.ports[way], seconds=1)
        assert cache.pages.asked == []
        assert "page of" not in answer


@pytest.mark.parametrize("site", ["site.example", PUBLIC, bracketed(PUBLIC_6)])
def test_the_internet_is_reached(cache: Cache, site: str) -> None:
    assert "page of" in cache.get(f"http://{site}/")


def test_only_ports_of_the_web_are_reached(cache: Cache) -> None:
    cache.pages.asked.clear()
    assert " 403 " in cache.get("http://site.example:8098/")
    assert cache.pages.asked == []


def test_only_hosts_of_the_inventory_may_ask(cache: Cache) -> None:
    assert "page of" in cache.get("http://site.example/", source=NODE)
    for way in cache.ports:
        assert " 403 " in cache.get("http://site.example/", source=NEIGHBOUR, port=way)
    assert " 403 " in cache.ask("GET /squid-internal-mgr/menu HTTP/1.0\r\n\r\n", source=NEIGHBOUR)


def test_its_own_pages_are_its_own(cache: Cache) -> None:
    own = "GET /squid-internal-mgr/{} HTTP/1.0\r\n\r\n"
    for way in cache.ports:
        # The relay on every host asks for the first, the report for the second, the exporter for the third.
        for page in ("menu", "info", "counters"):
            assert " 200 " in cache.ask(own.format(page), port=way).partition("\n")[0]
            assert " 200 " in cache.ask(own.format(page), source=HOST, port=way).partition("\n")[0]
    # It shows what others fetch.
    assert " 200 " in cache.ask(own.format("active_requests"), source=HOST).partition("\n")[0]
    for page in ("active_requests", "objects", "client_list", "menu/../active_requests", "config"):
        assert " 403 " in cache.ask(own.format(page)).partition("\n")[0]
        assert " 200 " not in cache.get(f"http://olab0:{cache.ports[0]}/squid-internal-mgr/{page}").partition("\n")[0]
