# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""``dns-sd`` and ``dscacheutil``: names of services and hosts."""

from __future__ import annotations

import pytest

from lab.macos.simulator.network import mdns
from lab.macos.simulator.tools import dns_sd

from .links import SHOW, as_text, new_mac


@pytest.mark.parametrize("name", ["_exo._tcp.local.", "Time Capsule._smb._tcp.local.", "a\\.b._x._udp.local.", "."])
def test_names_survive_the_wire(name) -> None:
    assert mdns.read_name(mdns.write_name(name), 0)[0] == name


def test_compressed_names() -> None:
    message = mdns.write_name("_tcp.local.") + b"\x04_exo\xc0\x00"
    assert mdns.read_name(message, 12) == ("_exo._tcp.local.", 19)


def test_a_message_that_ends_early_has_what_could_be_read() -> None:
    asked = mdns.question("olab1.local.", mdns.A)
    assert mdns.parse(asked) == ([("olab1.local.", mdns.A)], [])
    assert mdns.parse(asked[:14]) == ([], [])


def test_a_registered_service_can_be_read(mac) -> None:
    mac.answer(*SHOW, out=as_text(new_mac()))
    records = dns_sd.service_records(mac.context("dns-sd"), "node.1", "_exo._tcp.local.", 52415, ["v=1"])
    _, found = mdns.parse(mdns.answer(records))
    by_kind = {record.kind: record for record in found}
    assert by_kind[mdns.PTR].target() == "node\\.1._exo._tcp.local."
    assert (by_kind[mdns.SRV].target(), by_kind[mdns.SRV].port()) == ("olab1.local.", 52415)
    assert by_kind[mdns.TXT].texts() == ["v=1"]
    assert by_kind[mdns.A].data == bytes([10, 66, 1, 11])


class Air:
    """Stands in for the network: hands two messages out, then ends the program that never ends."""

    def __init__(self, addresses: list[str], messages: list[bytes]) -> None:
        self.addresses = addresses
        self.messages = messages
        self.sent: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.sent.append(message)

    def receive(self, seconds: float) -> tuple[bytes, int]:
        if not self.messages:
            raise KeyboardInterrupt
        return self.messages.pop(0), 14


def test_browse(mac, monkeypatch) -> None:
    mac.answer(*SHOW, out=as_text(new_mac()))
    context = mac.context("dns-sd", "-B", "_smb._tcp", "local")
    service = "_smb._tcp.local."

    def announced(ttl: int) -> bytes:
        return mdns.answer([mdns.Record(service, mdns.PTR, ttl, mdns.write_name(f"Time Capsule.{service}"))])

    air = Air([], [announced(4500), announced(4500), announced(0)])
    monkeypatch.setattr(dns_sd, "Bonjour", lambda addresses: air)
    with pytest.raises(KeyboardInterrupt):
        dns_sd.main(context)
    lines = context.stdout.getvalue().splitlines()
    assert lines[0] == "Browsing for _smb._tcp.local"
    assert lines[1].startswith("DATE: ---")
    assert lines[2].endswith("...STARTING...")
    assert lines[3] == "Timestamp     A/R    Flags  if Domain               Service Type         Instance Name"
    assert [line[14:] for line in lines[4:]] == [
        f"{action}        2  14 local.               _smb._tcp.           Time Capsule" for action in ("Add", "Rmv")
    ]
    assert air.sent == [mdns.question(service, mdns.PTR)]


def test_usage(mac) -> None:
    assert mac.run("dns-sd").rc == 255


@pytest.mark.parametrize(
    ("argv", "status", "out"),
    [
        pytest.param(["-flushcache"], 0, "", id="flush"),
        pytest.param(
            ["-q", "host", "-a", "name", "127.0.0.1"], 0, "name: 127.0.0.1\nip_address: 127.0.0.1\n\n", id="found"
        ),
    ],
)
def test_dscacheutil(mac, argv, status, out) -> None:
    result = mac.run("dscacheutil", *argv)
    assert (result.rc, result.out) == (status, out)
