# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""AdGuard Home's file: our keys and entries get in, the user's stay."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _adguard

OLAB1 = {"domain": "olab1.olab", "answer": "10.66.1.11", "enabled": True}
OURS = {"domain": "olab1.olab", "answer": "10.66.1.11"}
NAS = {"domain": "nas.olab", "answer": "10.66.1.50", "enabled": True}
OLD = {"domain": "old.olab", "answer": "10.66.1.19", "enabled": True}
RULE = "||11.1.66.10.in-addr.arpa^$dnsrewrite=NOERROR;PTR;olab1.olab."
WRONG_RULE = "||11.1.66.10.in-addr.arpa^$dnsrewrite=NOERROR;PTR;other.olab."
LIST = {"name": "adaway", "url": "https://example.com/list.txt"}


def wanted(**changes: Any) -> _adguard.Wanted:
    return _adguard.Wanted(**{"administrator": "admin", "password_hash": "$2b$ours", **changes})


def test_a_new_file_is_the_smallest_that_needs_no_wizard() -> None:
    merged = _adguard.merge({}, wanted(settings={"dns": {"port": 53}}), {})
    assert merged == {
        "schema_version": 34,
        "dns": {"port": 53},
        "users": [{"name": "admin", "password": "$2b$ours"}],
        "filtering": {"rewrites": []},
        "user_rules": [],
        "filters": [],
    }


def test_a_second_merge_changes_nothing() -> None:
    ours = wanted(settings={"dns": {"port": 53}}, rewrites=[OURS], rules=[RULE], filters=[LIST])
    first = _adguard.merge({}, ours, {})
    assert _adguard.merge(first, ours, ours.entries) == first


@pytest.mark.parametrize(
    ("found", "settings", "expected"),
    [
        pytest.param({"dns": {"port": 53, "x": 1}}, {"dns": {"port": 5353}}, {"port": 5353, "x": 1}, id="one key"),
        pytest.param({"dns": {"port": 53}}, {"dns": {"port": 53}}, {"port": 53}, id="nothing to do"),
        pytest.param({"dns": None}, {"dns": {"port": 53}}, {"port": 53}, id="an empty section"),
        pytest.param({"dns": {"interval": "1d"}}, {"dns": {"interval": "24h"}}, {"interval": "1d"}, id="same duration"),
        pytest.param({"dns": {"on": 1}}, {"dns": {"on": True}}, {"on": True}, id="a number is not a switch"),
        pytest.param({"dns": {"a": ["1"]}}, {"dns": {"a": ["2"]}}, {"a": ["2"]}, id="a list is one value"),
    ],
)
def test_settings(found: dict[str, Any], settings: dict[str, Any], expected: dict[str, Any]) -> None:
    assert _adguard.merge(found, wanted(settings=settings), {})["dns"] == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param([], ["admin"], id="none"),
        pytest.param([{"name": "eve", "password": "x"}], ["eve", "admin"], id="somebody else stays"),
        pytest.param([{"name": "admin", "password": "x"}], ["admin"], id="another password"),
    ],
)
def test_users(found: list[Any], expected: list[str]) -> None:
    users = _adguard.merge({"users": found}, wanted(), {})["users"]
    assert [user["name"] for user in users] == expected
    assert {"name": "admin", "password": "$2b$ours"} in users


@pytest.mark.parametrize(
    ("found", "before", "expected"),
    [
        pytest.param([], [], [OLAB1], id="missing"),
        pytest.param([OLAB1], [OURS], [OLAB1], id="there"),
        pytest.param([OLAB1, OLAB1], [OURS], [OLAB1], id="there twice"),
        pytest.param([NAS], [], [NAS, OLAB1], id="the user's stays"),
        pytest.param([OLAB1, {**OLAB1, "answer": "10.9.9.9"}], [OURS], [OLAB1], id="another answer to our name goes"),
        pytest.param([{**OLAB1, "enabled": False}], [OURS], [OLAB1], id="ours was switched off"),
        pytest.param(
            [OLD, OLAB1], [{"domain": "old.olab", "answer": "10.66.1.19"}, OURS], [OLAB1], id="ours no more goes"
        ),
        pytest.param([OLD, OLAB1], [OURS], [OLD, OLAB1], id="never ours stays"),
    ],
)
def test_rewrites(found: list[Any], before: list[Any], expected: list[Any]) -> None:
    merged = _adguard.merge({"filtering": {"rewrites": found}}, wanted(rewrites=[OURS]), {"rewrites": before})
    assert merged["filtering"]["rewrites"] == expected


@pytest.mark.parametrize(
    ("found", "before", "expected"),
    [
        pytest.param([], [], [RULE], id="missing"),
        pytest.param([RULE, RULE], [RULE], [RULE], id="there twice"),
        pytest.param(["||ads.example^"], [], ["||ads.example^", RULE], id="the user's stays"),
        pytest.param([WRONG_RULE], [], [RULE], id="another name for our address goes"),
        pytest.param(["||9.9.9.9^$dnsrewrite=x", RULE], ["||9.9.9.9^$dnsrewrite=x"], [RULE], id="ours no more goes"),
    ],
)
def test_rules(found: list[str], before: list[str], expected: list[str]) -> None:
    assert _adguard.merge({"user_rules": found}, wanted(rules=[RULE]), {"rules": before})["user_rules"] == expected


@pytest.mark.parametrize(
    ("found", "before", "urls"),
    [
        pytest.param([], [], [LIST["url"]], id="missing"),
        pytest.param([{"url": "https://u.example/x", "id": 9}], [], ["https://u.example/x", LIST["url"]], id="kept"),
        pytest.param([{"url": "https://o.example/x", "id": 9}], ["https://o.example/x"], [LIST["url"]], id="no more"),
    ],
)
def test_filters(found: list[Any], before: list[str], urls: list[str]) -> None:
    filters = _adguard.merge({"filters": found}, wanted(filters=[LIST]), {"filters": before})["filters"]
    assert [entry["url"] for entry in filters] == urls
    assert len({entry["id"] for entry in filters}) == len(filters)


def test_a_difference_shows_no_hash() -> None:
    before = {"users": [{"name": "admin", "password": "$2b$old"}], "dns": {"port": 53}}
    after = {"users": [{"name": "admin", "password": "$2b$new"}], "dns": {"port": 54}}
    found = _adguard.differences(before, after)
    assert found["dns.port"] == (53, 54)
    assert found["users"][1] == [{"name": "admin", "password": "changed"}]
    assert "$2b$" not in repr(found)


@pytest.mark.parametrize(
    ("settings", "found", "dropped", "made"),
    [
        pytest.param({"dns": {"port": 53}}, {"dns": {"port": 53, "x": 1}}, [], [], id="known"),
        pytest.param({"dns": {"prot": 53}}, {"dns": {"port": 53}}, ["the key dns.prot"], [], id="unknown key"),
        pytest.param({"nds": {"port": 53}}, {"dns": {}}, ["the key nds"], [], id="unknown section"),
        pytest.param({"log": {"interval": "24h"}}, {"log": {"interval": "1d"}}, [], [], id="a duration"),
        pytest.param({"dns": {"to": ["::0:1"]}}, {"dns": {"to": ["::1"]}}, [], ["dns.to"], id="in its own words"),
        pytest.param({"log": None}, {"log": {"file": ""}}, [], ["log"], id="its defaults for nothing"),
        pytest.param(
            {"c": {"p": [{"name": "nas", "nmae": 1}]}},
            {"c": {"p": [{"name": "nas", "tags": []}]}},
            ["the key c.p[0].nmae"],
            ["c.p"],
            id="unknown key in a list",
        ),
        pytest.param(
            {"c": {"p": [{"name": "nas"}]}}, {"c": {"p": [{"name": "nas", "tags": []}]}}, [], ["c.p"], id="filled list"
        ),
    ],
)
def test_what_the_program_kept_of_our_keys(settings: Any, found: Any, dropped: list[str], made: list[str]) -> None:
    wanted = _adguard.Wanted("admin", "", settings)
    assert _adguard.dropped(wanted, found) == dropped
    values = _adguard.made(settings, found)
    assert list(values) == made
    if not dropped:
        # What it made of a value is not a change the next time, and another wanted value is.
        assert _adguard.merge(found, wanted, {"made": values}).items() >= found.items()


def test_another_wish_is_written_though_the_program_had_its_own_words_for_the_last() -> None:
    remembered = {"made": {"dns.to": [["::0:1"], ["::1"]]}}
    after = _adguard.merge({"dns": {"to": ["::1"]}}, _adguard.Wanted("a", "", {"dns": {"to": ["::0:2"]}}), remembered)
    assert after["dns"]["to"] == ["::0:2"]


def test_what_the_program_dropped_of_our_entries() -> None:
    wanted = _adguard.Wanted(
        *("admin", "", {}),
        rewrites=[{"domain": "a.olab", "answer": "10.0.0.1"}, {"domain": "b.olab", "answer": "10.0.0.2"}],
        rules=["||x^", "||y^"],
        filters=[{"name": "one", "url": "https://one"}, {"name": "two", "url": "https://two"}],
    )
    found = {
        "filtering": {"rewrites": [{"domain": "a.olab", "answer": "10.0.0.1", "enabled": True}]},
        "user_rules": ["||y^"],
        "filters": [{"url": "https://two"}],
    }
    assert _adguard.dropped(wanted, found) == ["the rewrite of b.olab", "the rule ||x^", "the filter one"]
    assert len(_adguard.dropped(wanted, {"filtering": None, "filters": None})) == 6


def test_the_rule_of_a_reverse_record() -> None:
    assert _adguard.reverse_rule("10.66.1.11", "olab1.olab") == RULE
