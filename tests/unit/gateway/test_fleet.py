# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The hosts that sleep in the configuration, and times of the day."""

from __future__ import annotations

from datetime import datetime

import pytest

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.hours import Hours
from hybrid_cluster.gateway.routes import RouteError
from tests.unit.gateway.test_routes import FOLDER, configuration, member, model

HOST = {"name": "box", "address": "10.66.1.21", "mac_address": "1c:f6:4c:00:00:21"}
AGENT = {"user": "gateway", "key": "key", "known_hosts": "/etc/known_hosts"}


def group(*hosts, name="box", **more):
    return {"name": name, "hosts": list(hosts) or [HOST], **more}


def given(*groups, models=None, **more):
    found = configuration(*(models or [model(members=[member(group="box")])]), state="state.json")
    return found | {"groups": list(groups) or [group()]} | more


def test_a_group_with_everything():
    found = routes.read(
        given(
            group(
                {
                    **HOST,
                    "port": 2222,
                    "interface": "eth1",
                    "broadcast": "10.66.1.255",
                    "secure_on": "0a:0b:0c:0d:0e:0f",
                },
                idle_after=900,
                wake_within=90,
                quiet=[{"from": "22:00", "to": "07:00", "days": ["mon"]}],
                prewarm=[{"from": "08:00", "to": "18:00", "models": ["m"]}],
            ),
            agent=AGENT,
        ),
        FOLDER,
    )
    (box,) = found.groups
    assert (box.rules.idle_after, box.rules.wake_within, box.rules.model_within) == (900, 90, 600)
    assert box.quiet == (Hours(22 * 60, 7 * 60, frozenset({0})),)
    assert box.warm[0].models == ("m",)
    assert box.hosts[0].magic == b"\xff" * 6 + bytes.fromhex("1cf64c000021") * 16 + bytes.fromhex("0a0b0c0d0e0f")
    assert (found.state, found.login.key) == (FOLDER / "state.json", FOLDER / "key")


def test_a_group_that_only_wakes_needs_no_program_on_its_hosts():
    assert routes.read(given(), FOLDER).groups[0].rules.idle_after is None
    assert routes.read(configuration(), FOLDER).state is None


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (given(group(odd=1)), "groups[0]: 'odd' is not known"),
        (given(group({**HOST, "odd": 1})), "a host of the group 'box': 'odd' is not known"),
        (given(group(idle_after=60)), "the group 'box': 'idle_after' needs 'agent'"),
        (given(group(idle_after=-2), agent=AGENT), "'idle_after' must be a number of at least 0"),
        (given(group({**HOST, "mac_address": "x"})), "the group 'box': box: mac_address is 'x': write six pairs"),
        (given(group({**HOST, "secure_on": "x"})), "the group 'box': box: secure_on is not six pairs"),
        (given(group({**HOST, "address": "box.lan"})), "the address of box is 'box.lan'; write an IPv4 address"),
        (given(group(), group(name="b")), "groups: box is in 'box' and in 'b', or twice; a host is in one."),
        (given(group(), group(HOST | {"name": "b"}, name="b")), "groups: 10.66.1.21 is in 'box' and in 'b'"),
        (given(group(), group()), "groups: two are named 'box'."),
        (given(group(name="b")), "the model 'm': 'box' is not a group; there are b."),
        (
            given(group(quiet=[{"from": "7:00", "to": "08:00"}])),
            "the group 'box': '7:00' is not a valid time; write one like",
        ),
        (given(group(quiet=[{"from": "07:00"}])), "the group 'box': quiet: 'to' is missing."),
        (
            given(group(quiet=[{"from": "07:00", "to": "08:00", "days": ["x"]}])),
            "'x' is not a valid day; there are mon,",
        ),
        (given(group(prewarm=[{"from": "07:00", "to": "08:00", "models": ["x"]}])), "'prewarm' names 'x', which none"),
        (given(state=None), "the configuration: 'state' is missing."),
        (given(agent={}), "agent: 'user' is missing."),
        (configuration(model(members=[member(share=60), member(share=50)])), "shares of its members are more than 100"),
        (configuration(model(members=[member(overflow=True)])), "one of its members must be the first choice"),
        (configuration(model(members=[member(), member(overflow=True, share=1)])), "either 'share' or 'overflow'"),
        (configuration(model(members=[member(overflow=1)])), "'overflow' must be true or false."),
        (
            configuration(model(members=[member(place={})])),
            "'place' of a member of the model 'm': 'sharding' is missing.",
        ),
    ],
)
def test_what_is_wrong_is_one_sentence(value, sentence):
    with pytest.raises(RouteError) as found:
        routes.read(value, FOLDER)
    assert sentence in str(found.value)


@pytest.mark.parametrize(
    ("time", "left"),
    [
        ("2026-11-30 21:59:59", None),
        ("2026-11-30 22:00:00", 9 * 3600),
        ("2026-12-01 06:59:59", 1),
        ("2026-12-01 07:00:00", None),
        # The night from Tuesday on Wednesday is none of Monday's.
        ("2026-12-01 23:00:00", None),
        ("2026-12-02 03:00:00", None),
    ],
)
def test_hours_past_midnight_are_those_of_the_day_on_which_they_began(time, left):
    assert Hours(22 * 60, 7 * 60, frozenset({0})).left(datetime.fromisoformat(time)) == left


def test_the_same_time_twice_is_a_whole_day():
    assert Hours(0, 0).left(datetime.fromisoformat("2026-12-01 12:00:00")) == 12 * 3600
