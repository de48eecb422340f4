# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How ``scutil`` prints the resolver and the proxies."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..network.plan import Resolver
    from ..tool import Context

_REACHABLE = "  reach    : 0x00000002 (Reachable)"
_MULTICAST = ("local", "254.169.in-addr.arpa", "8.e.f.ip6.arpa", "9.e.f.ip6.arpa", "a.e.f.ip6.arpa", "b.e.f.ip6.arpa")


def dns_lines(context: Context, resolver: Resolver, index: int) -> Iterator[str]:
    """Return the text of --dns: the primary resolver, those of /etc/resolver, Bonjour, and the scoped one."""
    if not resolver.servers and not _domains(context):
        yield "No DNS configuration available"
        return
    yield "DNS configuration\n"
    yield "resolver #1"
    yield from _primary(resolver, index, "Request A records")
    number = 1
    for domain, settings in _domains(context):
        number += 1
        yield f"resolver #{number}\n  domain   : {domain}"
        for position, server in enumerate(settings):
            yield f"  nameserver[{position}] : {server}"
        yield f"  flags    : Request A records\n{_REACHABLE}\n"
    for position, domain in enumerate(_MULTICAST):
        number += 1
        yield f"resolver #{number}\n  domain   : {domain}\n  options  : mdns\n  timeout  : 5"
        yield "  flags    : Request A records\n  reach    : 0x00000000 (Not Reachable)"
        yield f"  order    : {300000 + 200 * position}\n"
    yield "DNS configuration (for scoped queries)\n\nresolver #1"
    yield from _primary(resolver, index, "Scoped, Request A records")


def _primary(resolver: Resolver, index: int, flags: str) -> Iterator[str]:
    for position, domain in enumerate(resolver.search):
        yield f"  search domain[{position}] : {domain}"
    for position, server in enumerate(resolver.servers):
        yield f"  nameserver[{position}] : {server}"
    yield f"  if_index : {index} ({resolver.device})\n  flags    : {flags}\n{_REACHABLE}\n"


def _domains(context: Context) -> list[tuple[str, list[str]]]:
    """Return what the files in /etc/resolver say: the file's name is the domain."""
    directory = context.path("/private/etc/resolver")
    found = []
    for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
        with open(f"{directory}/{name}", encoding="utf-8") as file:
            words = [line.split() for line in file]
        found.append((name, [line[1] for line in words if len(line) > 1 and line[0] == "nameserver"]))
    return found


def proxy_lines(settings: dict[str, Any]) -> Iterator[str]:
    """Return the text of --proxy."""
    yield "<dictionary> {"
    for key in sorted(settings):
        value = settings[key]
        if isinstance(value, list):
            yield f"  {key} : <array> {{"
            for position, item in enumerate(value):
                yield f"    {position} : {item}"
            yield "  }"
        else:
            yield f"  {key} : {value}"
    yield "}"
