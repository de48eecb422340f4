# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who gets a model from whom: cases are cables, hosts that need it and hosts that have it."""

from __future__ import annotations

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._model_chain import Site, plan
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._topology import plan_topology

HOSTS = ["store", "a", "b", "c", "d"]
FOLDER = "org--model"
REVISION = "1" * 40


def site(*cables):
    """Return the hosts, joined by cables such as "ab"; ports are counted from 1 in the order of the cables."""
    used = dict.fromkeys(HOSTS, 0)
    links = []
    for first, second in cables:
        used[first] += 1
        used[second] += 1
        links.append({first: used[first], second: used[second]})
    addresses = {host: f"10.0.0.{number}" for number, host in enumerate(HOSTS, 1)}
    return Site(HOSTS, addresses, plan_topology(links, "10.66.64.0/24", HOSTS))


def seen(has=(), plain=(), missed=(), digest="x"):
    """Return what each host of the run was found with."""
    found = {FOLDER: {"digest": digest, "revision": REVISION}}
    return {
        host: {
            "found": found if host in has else {},
            "plain": "there is no libtorrent for macOS 13.6" if host in plain else "",
        }
        for host in HOSTS
        if host not in missed
    }


def table(*hosts, revision=REVISION, state="present"):
    """Return a table of one model."""
    return [{"folder": FOLDER, "hosts": list(hosts), "state": state, "source": {"revision": revision}}]


def holders(made):
    """Return whom each host that needs the folder turns to."""
    return {
        host: [holder["host"] for folder in job["folders"] for holder in folder["holders"]]
        for host, job in made["hosts"].items()
        if any(folder["holders"] for folder in job["folders"])
    }


CHAINS = [
    pytest.param((), "abc", "", {"a": "store", "b": "a store", "c": "b a store"}, id="in the order of the inventory"),
    pytest.param(("ab", "bc"), "abc", "", {"a": "store", "b": "a store", "c": "b a store"}, id="along a row of cables"),
    pytest.param(
        ("ca", "ab"), "abc", "", {"b": "store", "a": "b store", "c": "a b store"}, id="from the end of a row of cables"
    ),
    pytest.param(
        ("ac", "cb", "ba"), "abc", "", {"a": "store", "b": "a store", "c": "b a store"}, id="around a ring of cables"
    ),
    pytest.param(
        ("bd",), "abcd", "", {"a": "store", "b": "a store", "d": "b a store", "c": "d b a store"}, id="cables first"
    ),
    pytest.param(
        ("ba", "bc", "bd"),
        "abcd",
        "",
        {"a": "store", "b": "a store", "c": "b a store", "d": "b a store"},
        id="two from the middle of a star, over a cable each",
    ),
    pytest.param((), "abc", "b", {"a": "store b", "c": "a store b"}, id="whoever has it is the last to turn to"),
    pytest.param(("bc",), "abc", "b", {"c": "b store", "a": "c b store"}, id="or the first, where a cable leads there"),
    pytest.param(("storec",), "c", "", {"c": "store"}, id="from the store over a cable"),
]


@pytest.mark.parametrize(("cables", "needing", "having", "expected"), CHAINS)
def test_each_host_knows_the_one_before_it_and_the_others(cables, needing, having, expected):
    pairs = [("store", "c") if cable == "storec" else tuple(cable) for cable in cables]
    made = plan(site(*pairs), "store", seen(has=["store", *having]), table(*needing))
    assert holders(made) == {host: line.split() for host, line in expected.items()}
    assert made["problems"] == []


def test_addresses_are_those_of_the_shared_cable_and_then_the_lan():
    made = plan(site("ab", "bc", "ca"), "store", seen(has=["store"]), table(*"abc"))
    ways = {host: made["hosts"][host]["folders"][0]["holders"][0]["addresses"] for host in "abc"}
    # The first cable is the first network of four addresses, the second the second.
    assert ways == {"a": ["10.0.0.1"], "b": ["10.66.64.1", "10.0.0.2"], "c": ["10.66.64.5", "10.0.0.3"]}
    assert made["hosts"]["b"]["listen"] == ["10.0.0.3", "10.66.64.2", "10.66.64.5"]


def test_addresses_on_a_bridge_are_those_of_the_bridge():
    made = plan(site("ab", "bc"), "store", seen(has=["store"]), table(*"abc"))
    own = {host: job["listen"] for host, job in made["hosts"].items()}
    assert own["a"] == ["10.0.0.2", "10.66.64.1"]
    first = made["hosts"]["c"]["folders"][0]["holders"]
    assert first[0] == {"host": "b", "addresses": [own["b"][1], "10.0.0.3"]}
    assert first[1] == {"host": "a", "addresses": ["10.66.64.1", "10.0.0.2"]}


def test_nobody_but_those_who_take_part_may_ask():
    made = plan(site("cd"), "store", seen(has=["store"]), table(*"ab"))
    assert set(made["hosts"]) == {"store", "a", "b"}
    assert made["hosts"]["a"]["allowed"] == ["10.0.0.2", "10.0.0.3", "10.0.0.1"]


def test_the_store_and_whoever_may_be_asked_get_a_job_without_holders():
    made = plan(site(), "store", seen(has=["store", "b"]), table("a", "b", "store"))
    assert made["hosts"]["store"]["folders"] == [{"folder": FOLDER, "holders": []}]
    assert made["hosts"]["b"]["folders"] == [{"folder": FOLDER, "holders": []}]
    assert made["hosts"]["a"]["lines"] == ["a gets org--model from store at 10.0.0.1, or else from b"]


def test_without_need_nobody_does_anything():
    made = plan(site(), "store", seen(has=["store", "a"]), table("a"))
    assert made == {"hosts": {}, "chains": {}, "problems": []}
    assert plan(site(), "store", seen(), table("a", state="absent"))["hosts"] == {}


def test_another_choice_of_files_of_the_same_commit_is_a_need():
    hosts = seen(has=["store", "a"])
    hosts["a"]["found"] = {FOLDER: {"digest": "y", "revision": REVISION}}
    assert holders(plan(site(), "store", hosts, table("a"))) == {"a": ["store"]}


def test_a_host_without_libtorrent_copies_and_hands_nothing_on():
    made = plan(site("ab"), "store", seen(has=["store"], plain="a"), table(*"abc"))
    assert holders(made) == {"b": ["store"], "c": ["b", "store"], "a": ["store"]}
    assert {host: (job["plain"], job["copies"]) for host, job in made["hosts"].items()} == {
        "b": (False, False),
        "c": (False, False),
        "a": (True, True),
        "store": (False, True),
    }
    assert made["hosts"]["a"]["lines"] == [
        "a gets org--model from store as a plain copy and hands nothing on: there is no libtorrent for macOS 13.6"
    ]


def test_where_the_store_has_no_libtorrent_everybody_copies():
    made = plan(site("ab"), "store", seen(has=["store"], plain=["store"]), table(*"ab"))
    assert holders(made) == {"a": ["store"], "b": ["store"]}
    assert {job["plain"] for job in made["hosts"].values()} == {True}


PROBLEMS = [
    pytest.param(
        "store",
        seen(has=["store"], missed=["store"]),
        "a needs org--model, which store has, and store takes no part in this run: it could not be reached or is "
        "outside of --limit; add it, as in --limit a,store.",
        id="the store is not there",
    ),
    pytest.param(
        "store",
        seen(),
        "a needs org--model, which store does not have complete: apply the role model_store first.",
        id="the store does not have it",
    ),
    pytest.param(
        None,
        seen(),
        "a needs org--model and no host stores models: set cluster_model_store to the name of one.",
        id="there is no store",
    ),
]


@pytest.mark.parametrize(("store", "hosts", "sentence"), PROBLEMS)
def test_what_cannot_be_had_is_a_sentence(store, hosts, sentence):
    made = plan(site(), store, hosts, table("a"))
    assert made["problems"] == [{"host": "a", "sentence": sentence}]
    assert made["hosts"] == {}


def test_without_the_store_a_host_that_has_the_revision_of_the_table_needs_nothing():
    hosts = seen(has=["a"], missed=["store"])
    assert plan(site(), "store", hosts, table("a"))["problems"] == []
    assert len(plan(site(), "store", hosts, table("a", revision="2" * 40))["problems"]) == 1
    assert plan(site(), "store", hosts, table("a", revision=None))["problems"] == []


OTHER = "2" * 40
BEFORE_THE_FETCH = [
    pytest.param(seen(), REVISION, {"a": ["store"]}, id="nobody has it"),
    pytest.param(seen(has=["a"]), REVISION, {}, id="the host has that revision"),
    pytest.param(seen(has=["store", "a"]), REVISION, {}, id="both have that revision"),
    pytest.param(seen(has=["store", "a"]), OTHER, {"a": ["store"]}, id="both have another revision"),
    pytest.param(seen(has=["store"]), None, {"a": ["store"]}, id="a path, which has no revision"),
    pytest.param(seen(missed=["store"]), REVISION, {}, id="the store takes no part"),
]


@pytest.mark.parametrize(("hosts", "revision", "expected"), BEFORE_THE_FETCH)
def test_check_mode_plans_with_what_the_store_will_fetch(hosts, revision, expected):
    made = plan(site(), "store", hosts, table("a", revision=revision), fetched=False)
    assert holders(made) == expected
