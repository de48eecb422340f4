# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules for what a user's processes send, in the words of both packet filters, and what is refused about them."""

from __future__ import annotations

import pwd
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall import change, nft, pf
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._firewall.change import FirewallError

if TYPE_CHECKING:
    from collections.abc import Callable

OUT = {"direction": "out", "user": "451"}
TABLES = {"nodes": ["10.0.0.2", "fd00::2"], "names": ["10.0.0.1"]}
RULES: list[dict[str, Any]] = [
    {"action": "pass", "interface": "loopback"},
    {"action": "pass", "protocol": "tcp", "port": 22},
    {"action": "pass", **OUT, "protocol": "tcp", "destination": "nodes"},
    {"action": "pass", **OUT, "protocol": "udp", "port": 53, "destination": "names"},
    {"action": "pass", **OUT, "protocol": "tcp", "port": 443},
    {"action": "reset", **OUT, "protocol": "tcp"},
    {"action": "reset", **OUT, "protocol": "udp"},
]


def test_pf_asks_whose_a_packet_is_only_where_it_opens_a_connection() -> None:
    assert pf.text(change.wanted_from(TABLES, RULES)).splitlines()[1:] == [
        "table <names> { 10.0.0.1 }",
        "table <nodes> { 10.0.0.2, fd00::2 }",
        "pass quick on lo0 all flags any keep state",
        "pass in quick proto tcp from any to any port 22 flags any keep state",
        "pass out quick proto tcp from any to <nodes> user 451 flags S/SA no state",
        "pass out quick proto udp from any to <names> port 53 user 451 no state",
        "pass out quick proto tcp from any to any port 443 user 451 flags S/SA no state",
        "block drop out quick proto tcp all user 451 flags S/SA",
        "block drop out quick proto udp all user 451",
    ]


def test_nftables_asks_in_a_chain_of_its_own() -> None:
    rules, _ = nft.wanted_state(change.wanted_from(TABLES, RULES))
    assert rules == [
        "direction reply accept",
        "iifname lo accept",
        "tcp dport 22 accept",
        "output: direction reply accept",
        "output: oifname lo accept",
        "output: skuid 451 ip daddr @nodes l4proto tcp accept",
        "output: skuid 451 ip6 daddr @nodes_6 l4proto tcp accept",
        "output: skuid 451 ip daddr @names udp dport 53 accept",
        "output: skuid 451 tcp dport 443 accept",
        "output: skuid 451 l4proto tcp reset",
        "output: skuid 451 l4proto udp drop",
    ]


def test_nothing_is_asked_of_what_goes_out_without_such_a_rule() -> None:
    assert "output" not in nft.document(change.wanted_from(TABLES, RULES[:2]))


REFUSED = [
    pytest.param(
        {**OUT, "protocol": "tcp", "destination": "lan"}, "names the table lan, which is not in", id="no table"
    ),
    pytest.param({**OUT}, "has no user or no protocol", id="no protocol"),
    pytest.param({"direction": "out", "protocol": "tcp"}, "has no user or no protocol", id="everybody"),
    pytest.param({**OUT, "protocol": "tcp", "source": "nodes"}, "write a destination instead", id="a source"),
    pytest.param({**OUT, "protocol": "tcp", "interface": "loopback"}, "write a destination instead", id="an interface"),
    pytest.param(
        {"protocol": "tcp", "destination": "nodes"}, "write direction out", id="a destination of what comes in"
    ),
    pytest.param({"protocol": "tcp", "user": "451"}, "write direction out", id="a user of what comes in"),
    pytest.param({**OUT, "protocol": "tcp", "user": "_nobody_here"}, "whom this host does not have", id="unknown user"),
]


@pytest.mark.parametrize(("rule", "message"), REFUSED)
def test_what_makes_no_sense_is_refused(rule: dict[str, Any], message: str) -> None:
    with pytest.raises(FirewallError, match=message):
        change.wanted_from(TABLES, [{"action": "reset", **rule}])


def test_a_user_is_loaded_by_number() -> None:
    rule = {"action": "reset", **OUT, "protocol": "tcp", "user": "daemon"}
    number = pwd.getpwnam("daemon").pw_uid
    assert change.wanted_from({}, [rule]).rules[0].user == str(number)


def test_check_mode_says_what_it_cannot_predict(run_module: Callable[..., dict[str, Any]], monkeypatch: Any) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(change, "wanted_from", lambda tables, rules: seen.extend(rules) or _stop())
    rules = [RULES[0], {"action": "reset", "direction": "out", "protocol": "tcp", "user": "_nobody_here"}]
    result = run_module("firewall", {"rules": rules}, [], system="Linux", check=True)
    assert [rule["interface"] for rule in seen] == ["loopback"]
    assert "The rules about the user _nobody_here are not predicted" in str(result["warnings"])


def _stop() -> None:
    raise FirewallError("far enough")
