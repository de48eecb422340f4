# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

import pytest

from lab.standins.exo.standin import mdns

ADDRESS = "/ip4/10.66.1.11/tcp/4001/p2p/12D3KooWLU7cUwNnxksBkt6UMUFEz4GWhQDM9S5YptAE6o6pqT1k"


def test_query_is_understood() -> None:
    assert mdns.parse(mdns.query()) == (True, [])


@pytest.mark.parametrize("addresses", [[], [ADDRESS], [ADDRESS, ADDRESS.replace("1.11", "1.12")]], ids=len)
def test_response_is_understood(addresses: list[str]) -> None:
    assert mdns.parse(mdns.response("a" * 63, addresses)) == (False, addresses)


def test_question_for_another_service_is_not_ours() -> None:
    packet = mdns.query().replace(b"\x04_p2p", b"\x04_ipp")
    assert mdns.parse(packet) == (False, [])


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(b"", id="empty"),
        pytest.param(mdns.query()[:-3], id="cut"),
        pytest.param(mdns.query()[:12] + b"\xc0\x0c" + b"\0\x0c\0\x01", id="name-points-at-itself"),
        pytest.param(mdns.query()[:12] + b"\x3f", id="label-past-the-end"),
    ],
)
def test_malformed_packet(packet: bytes) -> None:
    with pytest.raises(mdns.MalformedError):
        mdns.parse(packet)
