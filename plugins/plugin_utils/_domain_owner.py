# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Whether names in the cluster's domain are already those of somebody on the internet, as far as DNS tells.

This asks, so it is for the start of a run; what a domain says by itself is in `_domains`.
"""

from __future__ import annotations

import ipaddress
import queue
import secrets
import socket
import threading
import time
from typing import TYPE_CHECKING

from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._domains import NAME, PRIVATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SECONDS = 2.0
"""How long all questions may take together: without the internet nobody answers."""
_HOSTS = 3
"""How many names of hosts are looked up, besides the domain itself."""


def owner_fault(
    domain: str, hosts: Iterable[str], look_up: Callable[[list[str]], Mapping[str, frozenset[str]]] | None = None
) -> str:
    """Say that a domain, or a host in it, has an address on the internet; nothing where it has none or nobody says.

    `look_up` returns the addresses of names, and leaves out those that it does not know.
    """
    parent = domain.partition(".")[2] or domain
    # Some resolvers have an address for every name, and some domains for every name below them.
    anything, sibling = (f"{secrets.token_hex(8)}.{one}" for one in ("invalid", parent))
    names = [domain, *(f"{host}.{domain}" for host in sorted(hosts)[:_HOSTS])]
    found = (look_up or addresses)([anything, sibling, *names])
    if found.get(anything):
        return ""
    for name in names:
        public = sorted(one for one in found.get(name, ()) if ipaddress.ip_address(one).is_global)
        if public and found.get(sibling) != found[name]:
            return (
                f"{NAME} is {domain}, but {name} has the address {public[0]} on the internet, so that names of the"
                f" cluster would hide those of somebody; write {' or '.join(PRIVATE)} or, if it is yours, a name below"
                f" it that has no address there, such as cluster.{domain}."
            )
    return ""


def addresses(names: list[str]) -> dict[str, frozenset[str]]:
    """Ask the resolver of this machine for all names at once, and return what it says in time."""
    answers: queue.SimpleQueue[tuple[str, frozenset[str]]] = queue.SimpleQueue()
    for name in names:
        # A question cannot be taken back, so nobody waits for the thread that asks it.
        threading.Thread(target=lambda name=name: answers.put((name, _ask(name))), daemon=True).start()
    found: dict[str, frozenset[str]] = {}
    end = time.monotonic() + SECONDS
    while len(found) < len(names):
        try:
            name, known = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        found[name] = known
    return found


def _ask(name: str) -> frozenset[str]:
    try:
        # The last dot keeps it from being looked for in the domains of this machine.
        entries = socket.getaddrinfo(f"{name}.", None)
    except (OSError, UnicodeError):
        return frozenset()
    return frozenset(str(entry[4][0]).partition("%")[0] for entry in entries)
