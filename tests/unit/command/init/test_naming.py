# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Names, networks and who manages, by default."""

from __future__ import annotations

from ipaddress import IPv4Interface

import pytest

from hybrid_cluster.command.init import naming
from hybrid_cluster.command.init.machine import Machine


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Admins-Mac-mini", "admins-mac-mini"),
        ("Z\u00fcrich mini (2)", "z-rich-mini-2"),
        ("a" * 70, "a" * 63),
        ("--", "host"),
    ],
)
def test_a_name_becomes_a_label(text, label):
    assert naming.label(text) == label
    assert naming.name_fault(label, ()) is None


def test_a_taken_name_gets_a_number():
    assert naming.free("mini", ()) == "mini"
    assert naming.free("mini", {"mini", "mini-2"}) == "mini-3"
    assert naming.name_fault("mini", {"mini"})


def mac(address: str | None, gateway: str | None = None) -> Machine:
    return Machine("Darwin", interface=IPv4Interface(address) if address else None, gateway=gateway)


@pytest.mark.parametrize(
    ("machines", "lan"),
    [
        ([mac("10.0.0.5/16", "10.0.0.1"), mac("10.0.0.6/16", "10.0.0.1")], ("10.0.0.0/16", "10.0.0.1")),
        ([mac("10.0.0.5/16", "10.0.0.1"), mac("10.1.0.6/16"), mac("10.1.0.7/16")], ("10.1.0.0/16", "10.1.0.1")),
        ([mac(None), mac(None, "10.9.9.9")], ("192.168.7.0/24", "192.168.7.1")),
        ([], ("192.168.7.0/24", "192.168.7.1")),
    ],
)
def test_the_network_is_that_of_most_machines(machines, lan):
    assert naming.lan(machines, ["192.168.7.4"]) == lan


def test_cables_get_a_network_that_is_not_the_lan():
    assert naming.cable_subnet("192.168.1.0/24") == "10.66.64.0/24"
    assert naming.cable_subnet("10.0.0.0/8") == "172.31.64.0/24"


def test_who_manages():
    bare, brewed, linux = Machine("Darwin"), Machine("Darwin", has_homebrew=True), Machine("Linux")
    assert naming.manager({"a": bare}) is None
    assert naming.manager({"mini10": brewed, "mini9": brewed, "a": bare}) == "mini9"
    assert naming.manager({"a": brewed, "z": linux}) == "z"
