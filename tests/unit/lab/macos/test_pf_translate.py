# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What rules of pf mean in nftables: order of anchors, the last match or the first quick one, states, families."""

from __future__ import annotations

from typing import Any

import pytest

from lab.macos.simulator.pf.parse import parse
from lab.macos.simulator.pf.translate import disabled, enabled

STATE = 28774
START = [f"ct mark {STATE} accept", "meta mark set 0"]
KEPT = f"meta mark 2 ct mark set {STATE} accept"
UNREACHABLE = "reject with icmpx type host-unreachable"
END = {
    "input": [KEPT, "meta mark 4 meta l4proto tcp reject with tcp reset", "meta mark { 3, 4 } drop"],
    "output": [KEPT, f"meta mark {{ 3, 4 }} {UNREACHABLE}"],
}


def chain(hook: str, text: str, **anchors: str) -> list[str]:
    """Return the rules of one hook; anchors are below com.apple, which the main rules call."""
    files = {"": text, **{f"com.apple/{name}": rules for name, rules in anchors.items()}}
    rulesets = {path: parse(rules, path) for path, rules in files.items()}
    data: dict[str, Any] = {"rulesets": rulesets, "skip": rulesets[""]["skip"]}
    lines = [line.strip() for line in enabled(data).splitlines()]
    first = next(place for place, line in enumerate(lines) if line.startswith(f"chain {hook} "))
    return lines[first + 1 : lines.index("}", first)]


def rules(hook: str, text: str, **anchors: str) -> list[str]:
    lines = chain(hook, text, **anchors)
    end = END[hook]
    assert lines[:2] == START
    assert lines[-len(end) :] == end
    return lines[2 : -len(end)]


PASS = f"ct mark set {STATE} accept"

CASES = [
    pytest.param("pass in quick all flags any keep state", [PASS], id="quick pass with a state"),
    pytest.param("pass in quick all no state", ["accept"], id="quick pass without"),
    pytest.param("block in quick all", ["drop"], id="quick block"),
    pytest.param("pass in all flags any", ["meta mark set 2"], id="pass, unless a later rule matches"),
    pytest.param("block in all", ["meta mark set 3"], id="block, unless a later rule matches"),
    pytest.param("block out quick all", [], id="the other direction"),
    pytest.param(
        "block return-rst in quick proto tcp from any to any port 80",
        [
            "meta l4proto tcp th dport 80 meta l4proto tcp reject with tcp reset",
            "meta l4proto tcp th dport 80 drop",
        ],
        id="a reset",
    ),
    pytest.param(
        "pass in quick proto tcp from any to any port 80",
        [f"meta l4proto tcp th dport 80 tcp flags & (syn | ack) == syn {PASS}"],
        id="S/SA matches openings only",
    ),
    pytest.param(
        "pass in quick all",
        [f"meta l4proto tcp tcp flags & (syn | ack) == syn {PASS}", f"meta l4proto != tcp {PASS}"],
        id="S/SA concerns TCP only",
    ),
    pytest.param(
        "block in quick on lo0 proto udp from any port 5 to any port 10:20",
        ['iifname "lo" meta l4proto udp th sport 5 th dport 10-20 drop'],
        id="loopback and ports",
    ),
    pytest.param(
        "block in quick on ! en0 inet6 from fe80::/10 to any",
        ['iifname != "en0" meta nfproto ipv6 ip6 saddr fe80::/10 drop'],
        id="negated interface, family",
    ),
    pytest.param(
        "table <t> { 10.0.0.1 fe80::1 }\nblock in quick from <t> to any",
        ["meta nfproto ipv4 ip saddr @t0_t_4 drop", "meta nfproto ipv6 ip6 saddr @t0_t_6 drop"],
        id="a table is two sets",
    ),
    pytest.param(
        "block in quick inet from <t> to any",
        ["meta nfproto ipv4 meta mark 65535 drop"],
        id="a table that nobody filled matches nothing",
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_one_rule(text: str, expected: list[str]) -> None:
    assert rules("input", text) == expected


def test_what_goes_out_matches_the_interface_it_leaves_by() -> None:
    assert rules("output", "block out quick on en0 all") == [f'oifname "en0" {UNREACHABLE}']


OUTGOING = [
    pytest.param(
        "pass out quick proto udp all user 451 no state", ["meta skuid 451 meta l4proto udp accept"], id="pass"
    ),
    pytest.param(
        "table <t> { 10.0.0.1 }\npass out quick proto udp from any to <t> port 53 user = 451 no state",
        [
            "meta nfproto ipv4 ip daddr @t0_t_4 meta skuid 451 meta l4proto udp th dport 53 accept",
            "meta nfproto ipv6 ip6 daddr @t0_t_6 meta skuid 451 meta l4proto udp th dport 53 accept",
        ],
        id="a table and a port",
    ),
    pytest.param(
        "block drop out quick proto tcp all user root flags S/SA",
        [f"meta skuid 0 meta l4proto tcp tcp flags & (syn | ack) == syn {UNREACHABLE}"],
        id="openings only, of a user by name",
    ),
    pytest.param(
        "block return-rst out quick proto tcp all user 451",
        [f"meta skuid 451 meta l4proto tcp {UNREACHABLE}"],
        id="a reset on its way out is none",
    ),
    pytest.param("pass in quick proto tcp all flags any no state", [], id="the other direction"),
]


@pytest.mark.parametrize(("text", "expected"), OUTGOING)
def test_what_a_user_sends(text: str, expected: list[str]) -> None:
    assert rules("output", text) == expected


def test_anchors_are_asked_in_the_order_of_their_bytes_one_level_deep() -> None:
    found = rules(
        "input",
        'block in all\nanchor "com.apple/*"\npass in quick no state',
        **{
            "a": "block in quick proto tcp from any to any port 3",
            "Z": "block in quick proto tcp from any to any port 2",
            "100": "block in quick proto tcp from any to any port 1",
            "100/deep": "block in quick proto tcp from any to any port 9",
        },
    )
    assert found == [
        "meta mark set 3",
        *(f"meta l4proto tcp th dport {port} drop" for port in (1, 2, 3)),
        "accept",
    ]


def test_an_anchor_that_no_rule_calls_does_nothing() -> None:
    assert rules("input", "pass in quick no state", ours="block in quick all") == ["accept"]


def test_a_skipped_interface_is_left_alone() -> None:
    assert chain("input", "set skip on lo0\nblock in quick all")[0] == 'iifname "lo" accept'


def test_stopped_is_nothing_at_all() -> None:
    assert disabled() == "table inet simulator_pf {}\ndelete table inet simulator_pf\n"
