# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""exo's namespace is refused where somebody outside could guess it, and no sentence repeats it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._exo_namespace import guessable
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Host, Inventory, Specs

VALUES = {
    "cluster_domain": "home.lan",
    "cluster_secrets_directory": "/inventory/.secrets",
    "exo_version": "1.0.71",
    "exo_releases": {"1.0.71": {}, "1.0.72": {}},
    "mac_address": "1c:f6:4c:00:00:01",
}


def inventory(namespace: Any, *, given: bool = True) -> Inventory:
    """Build an inventory of two Macs; the namespace of the second is a good one."""
    hosts = {}
    for name, value in (("olab1", namespace), ("olab2", "Vt4pQ9zLw2xKr7YbN3mD")):
        values = {**VALUES, "ansible_host": f"10.66.1.1{name[-1]}", "exo_namespace": value}
        own = {"exo_namespace": value} if given else {}
        hosts[name] = Host(name, frozenset({"exo", "macos"}), own, values, plain_secrets=("exo_namespace",))
    return Inventory(hosts, {"exo": list(hosts), "macos": list(hosts)}, Specs({}, ()))


@pytest.mark.parametrize(
    "namespace",
    [
        "Vt4pQ9zLw2xKr7YbN3mD",
        "1f7c9b0e52d84a63",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "olab1-Vt4pQ9zLw2xKr7YbN3mD",
        "what the first run makes",
        None,
        7,
    ],
)
def test_a_random_one_is_taken(namespace: Any) -> None:
    assert list(guessable(inventory(namespace))) == []


@pytest.mark.parametrize(
    ("namespace", "reason"),
    [
        ("", "is empty, so that exo takes its own v0.0.1"),
        (" \n", "is empty, so that exo takes its own v0.0.1"),
        ("home.lan", "is the cluster's domain"),
        ("Home.LAN\n", "is the cluster's domain"),
        ("v0.0.1", "is the one that exo takes where it is told none"),
        ("1.0.71", "is a version of exo, which its application takes"),
        ("v1.0.72", "is a version of exo, which its application takes"),
        ("Vt4pQ9zLw2xKr7Y", "has fewer than 16 characters"),
        ("exo", "has fewer than 16 characters"),
        ("aaaaaaaaaaaaaaaaaaaa", "is made of names, repetitions and rows"),
        ("abcdefghijklmnopqrst", "is made of names, repetitions and rows"),
        ("1234567890123456", "is made of names, repetitions and rows"),
        ("Vt4pVt4pVt4pVt4pVt4p", "is made of names, repetitions and rows"),
        ("Vt4pQ9z-Vt4pQ9z-Vt4pQ9z", "is made of names, repetitions and rows"),
        ("olab1-olab2-exo-cluster", "is made of names, repetitions and rows"),
        ("home.lan-exo-1.0.71-secret", "is made of names, repetitions and rows"),
        ("10.66.1.11,10.66.1.12", "is made of names, repetitions and rows"),
        ("1C:F6:4C:00:00:01", "is made of names, repetitions and rows"),
        ("passwordpassword1", "is made of names, repetitions and rows"),
        ("qwertyuiopasdfgh", "is made of names, repetitions and rows"),
    ],
)
def test_one_that_can_be_guessed_is_refused(namespace: str, reason: str) -> None:
    hosts = inventory(namespace)
    (problem,) = guessable(hosts)
    assert problem.sentence == (
        f"inventory: exo_namespace {reason}, and whoever guesses it joins the cluster; remove it, and a random one is "
        "made and kept, or write 16 random characters or more into a vault."
    )
    # The same mistake makes no second sentence.
    assert [host.get("exo_namespace") for host in hosts.hosts.values()] == [None, None]
    assert [host.plain_secrets for host in hosts.hosts.values()] == [(), ()]


def test_one_that_was_cut_while_it_was_written_is_made_again() -> None:
    (problem,) = guessable(inventory("Vt4p", given=False))
    assert problem.sentence == (
        "inventory: exo_namespace has fewer than 16 characters, and whoever guesses it joins the cluster; remove the "
        "file /inventory/.secrets/exo_namespace, and the next run makes a random one."
    )


def test_nobody_needs_one_without_exo() -> None:
    hosts = inventory("")
    hosts.groups["exo"] = []
    assert list(guessable(hosts)) == []
