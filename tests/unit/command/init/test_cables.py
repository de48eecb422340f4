# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Cables from what Macs say: every random cabling comes out as it is, and what does not fit together is no cable."""

from __future__ import annotations

import random

import pytest

from hybrid_cluster.command.init import cables
from hybrid_cluster.command.init.cables import End, Outside
from hybrid_cluster.command.init.machine import ports
from tests.unit.command.init import macs


def seen_of(**said: str) -> cables.Seen:
    return cables.join({host: ports(text) for host, text in said.items()})


def same(one: list[dict[str, int]], other: list[dict[str, int]]) -> bool:
    return sorted(sorted(link.items()) for link in one) == sorted(sorted(link.items()) for link in other)


def random_cables(seed: int, hosts: int, receptacles: int) -> list[dict[str, int]]:
    """Return cables between different hosts, in random ports, two of one pair of hosts among them."""
    chance = random.Random(seed)
    ends = [(f"mini{host}", port) for host in range(1, hosts + 1) for port in range(1, receptacles + 1)]
    chance.shuffle(ends)
    ends = ends[: chance.randrange(2, len(ends) + 1)]
    return [dict((one, other)) for one, other in zip(ends[::2], ends[1::2], strict=False) if one[0] != other[0]]


@pytest.mark.parametrize("seed", range(40))
def test_a_random_cabling_comes_out_as_it_is(seed):
    links = random_cables(seed, hosts=2 + seed % 11, receptacles=3)
    hosts = [f"mini{number}" for number in range(1, 3 + seed % 11)]
    seen = seen_of(**{host: macs.profile(*macs.buses(host, links)) for host in hosts})
    assert same(seen.links, links)
    assert (seen.outside, seen.doubts) == ([], [])


def test_the_recorded_mac_alone_has_no_cable():
    seen = seen_of(mini1=macs.FIXTURE.read_text(encoding="utf-8"))
    assert (seen.links, seen.doubts) == ([], [])
    # Its dock in port 3 is no computer.
    assert seen.outside == [Outside(End("mini1", 1), "Mac15,14")]


def test_the_order_is_that_of_hosts_and_ports():
    links = [{"mini10": 1, "mini9": 1}, {"mini2": 2, "mini10": 2}, {"mini2": 1, "mini9": 3}]
    seen = seen_of(**{host: macs.profile(*macs.buses(host, links)) for host in ("mini10", "mini9", "mini2")})
    assert [list(link.items()) for link in seen.links] == [
        [("mini2", 1), ("mini9", 3)],
        [("mini2", 2), ("mini10", 2)],
        [("mini9", 1), ("mini10", 1)],
    ]


def test_what_only_one_end_says_is_no_cable():
    seen = seen_of(
        mini1=macs.profile(macs.bus("mini1", 1, ("mini2", 1))),
        mini2=macs.profile(macs.bus("mini2", 1, ("mini3", 1))),
    )
    assert seen.links == []
    assert seen.doubts == [
        "port 1 of mini1 leads to port 1 of mini2, which does not say the same, so the cable is not taken."
    ]
    assert seen.outside == [Outside(End("mini2", 1), "Mac15,14")]


def test_one_domain_behind_two_ports_is_no_cable():
    twice = macs.bus("mini2", 2) | {"domain_uuid_key": macs.domain("mini2", 1)}
    seen = seen_of(
        mini1=macs.profile(macs.bus("mini1", 1, ("mini2", 1))),
        mini2=macs.profile(macs.bus("mini2", 1, ("mini1", 1)), twice),
    )
    assert seen.links == []
    assert len(seen.doubts) == 2


def test_one_port_listed_twice_is_no_cable():
    seen = seen_of(
        mini1=macs.profile(macs.bus("mini1", 1, ("mini2", 1)), macs.bus("mini1", 2) | macs.bus("mini1", 1)),
        mini2=macs.profile(macs.bus("mini2", 1, ("mini1", 1))),
    )
    assert seen.links == []


def test_a_cable_from_a_mac_to_itself_is_none():
    seen = seen_of(
        mini1=macs.profile(macs.bus("mini1", 1, ("mini1", 2)), macs.bus("mini1", 2, ("mini1", 1))),
    )
    assert seen.links == []
    assert all("the same host" in doubt for doubt in seen.doubts)


@pytest.mark.parametrize("text", ["", "Thunderbolt/USB4:\n", "[]", "{}", '{"SPThunderboltDataType": [7]}', "null"])
def test_a_text_that_is_not_understood_is_unknown(text):
    known = {"mini1": ports(text), "mini2": ports(macs.profile(macs.bus("mini2", 1, ("mini1", 1))))}
    assert known["mini1"] is None
    assert cables.unread(known) == ["mini1"]
    assert cables.join(known).links == []


A, B = {"mini1": 1, "mini2": 1}, {"mini2": 2, "mini3": 1}


def merged(written, **said):
    known = {host: ports(text) for host, text in said.items()}
    return cables.merge(written, cables.join(known), known)


def test_what_is_written_keeps_its_place_and_what_is_new_comes_last():
    links = [{"mini1": 2, "mini3": 2}, A, B]
    said = {host: macs.profile(*macs.buses(host, links)) for host in ("mini1", "mini2", "mini3")}
    found = merged([B, {"mini2": 1, "mini1": 1}], **said)
    assert found.links == [B, A, {"mini1": 2, "mini3": 2}]
    assert (found.kept, found.added, found.unsure) == ([True, True], [{"mini1": 2, "mini3": 2}], [])


def test_a_cable_to_a_host_that_says_nothing_stays():
    said = {host: macs.profile(*macs.buses(host, [A])) for host in ("mini1", "mini2")}
    found = merged([A, B], **said)
    assert (found.links, found.unsure) == ([A, B], [B])
    said["mini3"] = "not understood"
    assert merged([A, B], **said).unsure == [B]


def test_a_cable_that_was_pulled_goes():
    said = {host: macs.profile(*macs.buses(host, [A])) for host in ("mini1", "mini2", "mini3")}
    found = merged([B, A], **said)
    assert (found.links, found.kept, found.unsure) == ([A], [False, True], [])


def test_a_port_that_says_something_unknown_takes_no_cable_away():
    odd = macs.bus("mini2", 2, receptacle_status_key="receptacle_pondering", current_speed_key="soon")
    said = {
        "mini1": macs.profile(*macs.buses("mini1", [A])),
        "mini2": macs.profile(macs.bus("mini2", 1, ("mini1", 1)), odd),
        "mini3": macs.profile(macs.bus("mini3", 1, receptacle_status_key="receptacle_pondering", current_speed_key="")),
    }
    assert merged([A, B], **said).unsure == [B]


def test_a_cable_that_was_moved_replaces_the_old_one():
    moved = {"mini1": 1, "mini2": 3}
    said = {host: macs.profile(*macs.buses(host, [moved])) for host in ("mini1", "mini2")}
    found = merged([A], **said)
    assert (found.links, found.kept, found.added) == ([moved], [False], [moved])


def test_a_cable_out_of_the_inventory_stays_until_its_port_leads_to_a_host():
    out = {"mini1": 1, "external": "macbook"}
    said = {host: macs.profile(*macs.buses(host, [])) for host in ("mini1", "mini2")}
    found = merged([out], **said)
    assert (found.links, found.unsure) == ([out], [])
    said = {host: macs.profile(*macs.buses(host, [A])) for host in ("mini1", "mini2")}
    assert merged([out], **said).links == [A]


def test_a_port_about_which_something_is_written_is_not_asked_about():
    seen = seen_of(mini1=macs.profile(macs.bus("mini1", 1, ("other", 1))))
    assert cables.outside_of(seen, [{"mini1": 1, "external": "macbook"}]) == []
    assert cables.outside_of(seen, []) == [Outside(End("mini1", 1), "Mac15,14")]
