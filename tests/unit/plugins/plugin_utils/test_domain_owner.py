# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A domain whose names are somebody's on the internet is told from one of one's own."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _domain_owner

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = ["mini1", "desk"]


def resolver(known: dict[str, str], *every: str) -> Callable[[list[str]], dict[str, frozenset[str]]]:
    """Return one that knows some names, and gives an address for everything below some domains."""

    def look_up(names: list[str]) -> dict[str, frozenset[str]]:
        found = {name: known.get(name) or ("9.9.9.9" if name.endswith(every) and every else "") for name in names}
        return {name: frozenset([address] if address else []) for name, address in found.items()}

    return look_up


@pytest.mark.parametrize(
    ("known", "name"),
    [
        pytest.param({"maps.example.com": "93.184.215.14"}, "maps.example.com", id="the-domain"),
        pytest.param({"desk.maps.example.com": "93.184.215.14"}, "desk.maps.example.com", id="a-host"),
        pytest.param({"maps.example.com": "2606:2800:21f:cb07::1"}, "maps.example.com", id="of-six"),
    ],
)
def test_somebody_has_it(known: dict[str, str], name: str) -> None:
    fault = _domain_owner.owner_fault("maps.example.com", HOSTS, resolver(known))
    assert fault.startswith(
        f"cluster_domain is maps.example.com, but {name} has the address {known[name]} on the internet"
    )
    assert fault.endswith("such as cluster.maps.example.com.")


@pytest.mark.parametrize(
    "look_up",
    [
        pytest.param(resolver({}), id="nobody"),
        pytest.param(resolver({"mini1.ai.example.com": "192.168.1.11"}), id="in-the-lan"),
        pytest.param(resolver({"desk.ai.example.com": "127.0.1.1"}), id="this-machine"),
        pytest.param(resolver({}, ".example.com"), id="all-of-ones-own"),
        pytest.param(resolver({"ai.example.com": "93.184.215.14"}, ".invalid", ".com"), id="a-resolver-that-invents"),
        pytest.param(lambda _: {}, id="no-answer"),
    ],
)
def test_it_is_nobody_elses(look_up: Any) -> None:
    assert _domain_owner.owner_fault("ai.example.com", HOSTS, look_up) == ""


def test_who_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(name: str, _port: None) -> list[Any]:
        if name == "slow.":
            time.sleep(1.5)
        if name == "wrong.":
            raise socket.gaierror
        return [(0, 0, 0, "", ("192.168.1.1", 0)), (0, 0, 0, "", ("fe80::1%en0", 0, 0, 0))]

    monkeypatch.setattr(_domain_owner, "SECONDS", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    start = time.monotonic()
    found = _domain_owner.addresses(["quick", "slow", "wrong"])
    assert time.monotonic() - start < 1.2
    assert found == {"quick": frozenset({"192.168.1.1", "fe80::1"}), "wrong": frozenset()}
