# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Magic packets in a real network without a default route, and a host that hears nothing else."""

from __future__ import annotations

import subprocess

from tests.chain.network import SUBNET

DIRECTED, LIMITED = f"{SUBNET}.255", "255.255.255.255"


def test_a_sleeping_host_is_woken_by_both_broadcasts(sleeper, wake):
    sleeper.sleep()
    result = wake(greeting="SSH-", timeout=30)
    assert (result["changed"], result["awake"]) == (True, True), result
    packets = sleeper.heard()
    assert {(packet["from"], packet["port"]) for packet in packets} == {(f"{SUBNET}.1", 9)}
    assert {packet["to"] for packet in packets} >= {DIRECTED, LIMITED}
    assert result["ways"] == [f"lan ({SUBNET}.1) to {DIRECTED}, {LIMITED} and {sleeper.address}"]


def test_one_whose_card_misses_the_first_packets_is_woken_by_a_later_one(sleeper, wake):
    sleeper.sleep(misses=9)
    assert wake(timeout=30)["awake"]
    assert len(sleeper.heard()) > 9


def test_the_host_itself_is_sent_to(sleeper, wake):
    sleeper.sleep()
    assert wake(timeout=30)["awake"]
    assert sleeper.address in {packet["to"] for packet in sleeper.heard()}


def test_the_password_of_the_card_goes_with_it_and_into_no_report(sleeper, wake):
    sleeper.sleep()
    result = wake(secure_on="0a:0b:0c:0d:0e:0f", timeout=30)
    assert {packet["secure_on"] for packet in sleeper.heard()} == {"0a:0b:0c:0d:0e:0f"}
    assert "0a:0b" not in str(result)


def test_an_open_port_behind_which_another_speaks_is_not_the_host(sleeper, wake):
    sleeper.sleep()
    result = wake(greeting="HTTP/", timeout=1)
    assert result["failed"]
    assert "it says 'SSH-2'" in result["msg"]


def test_a_packet_for_another_card_wakes_nobody(sleeper, wake):
    sleeper.sleep()
    result = wake(mac_address="02:00:00:00:00:99", timeout=1)
    assert "did not answer within 1 seconds at port 22" in result["msg"]
    assert "packets were sent for 02:00:00:00:00:99" in result["msg"]
    assert sleeper.heard() == []


def test_check_mode_sends_nothing(sleeper, wake):
    sleeper.sleep()
    result = wake(check=True)
    assert (result["changed"], result["awake"], result["packets"]) == (True, False, 0)
    assert sleeper.heard() == []


def test_one_that_is_awake_gets_none(sleeper, wake):
    sleeper.sleep()
    wake(timeout=30)
    again = wake(timeout=30)
    assert (again["changed"], again["awake"], again["packets"]) == (False, True, 0)


def test_every_interface_in_its_network_is_used_or_the_one_that_is_named(sleeper, wake):
    space = sleeper.network.space("manager")
    for words in (
        ("link", "add", "other", "type", "veth", "peer", "name", "far"),
        ("address", "add", f"{SUBNET}.77/24", "dev", "other"),
        ("link", "set", "other", "up"),
    ):
        subprocess.run(["ip", "-n", space, *words], check=True)
    said = [f"lan ({SUBNET}.1)", f"other ({SUBNET}.77)"]
    assert [way.partition(" to ")[0] for way in wake(check=True)["ways"]] == said
    assert [way.partition(" to ")[0] for way in wake(check=True, interface="other")["ways"]] == said[1:]
    assert [way.partition(" to ")[0] for way in wake(check=True, source=f"{SUBNET}.1")["ways"]] == said[:1]


def test_a_host_that_no_network_leads_to_is_said_so(wake):
    result = wake(address="192.0.2.7")
    assert "No network of this machine leads to 192.0.2.7" in result["msg"]
