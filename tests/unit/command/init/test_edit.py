# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A value changes, and every other character stays; what cannot be changed so is refused."""

from __future__ import annotations

import pytest

from hybrid_cluster.command.errors import ClusterError
from hybrid_cluster.command.init import edit
from tests.example_inventories import EXAMPLES

HOSTS = """\
---
# Mine.
all:
  children:
    macos:
      hosts:
        mini1: {ansible_host: 192.168.1.11}   # upstairs
        mini2:
          ansible_host: 192.168.1.12
          secret: !vault |
            $ANSIBLE_VAULT;1.1;AES256
            6162
    # What runs where.
    exo:
      hosts:
        mini1:   # the fast one
    management:
"""
LINKS = """\
thunderbolt_links:   # as of May
  # the short cable
  - {mini1: 1, mini2: 1}
  - mini2: 2
    mini3: 1
  - {mini3: 2, mini1: 2}   # the long one

# The end.
"""
HOST = ("all", "children", "macos", "hosts")


def test_a_host_comes_after_the_last_one():
    after = edit.set_value(HOSTS, (*HOST, "mini3"), {"ansible_host": "192.168.1.13", "ansible_port": 2222})
    new = "        mini3:\n          ansible_host: 192.168.1.13\n          ansible_port: 2222\n"
    assert after == HOSTS.replace("            6162\n", f"            6162\n{new}")


def test_a_member_comes_after_the_last_one():
    after = edit.set_value(HOSTS, ("all", "children", "exo", "hosts", "mini2"), None)
    assert after == HOSTS.replace("# the fast one\n", "# the fast one\n        mini2:\n")


def test_a_group_without_hosts_gets_them():
    after = edit.set_value(HOSTS, ("all", "children", "management", "hosts", "mini1"), None)
    assert after == f"{HOSTS}      hosts:\n        mini1:\n"


def test_a_group_that_is_not_there_is_added():
    after = edit.set_value(HOSTS, ("all", "children", "gpu", "hosts", "gpu1"), None)
    assert after == f"{HOSTS}    gpu:\n      hosts:\n        gpu1:\n"


@pytest.mark.parametrize("end", ["", "\n", "\n\n# The end."])
def test_the_last_line_need_not_end(end):
    after = edit.set_value(f"a: 1{end}", ("b",), "x")
    assert edit.load(after) == {"a": 1, "b": "x"}
    assert after.startswith("a: 1\nb: x\n")


@pytest.mark.parametrize("text", ["", "---\n", "# Nothing yet.\n", "---\n# Nothing yet.\n"])
def test_an_empty_text_gets_its_first_value(text):
    after = edit.set_value(text, ("a", "b"), [{"c": 1}])
    assert edit.load(after) == {"a": {"b": [{"c": 1}]}}
    assert after.startswith(text.rstrip())


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("a: 1  # one\nb: 2\n", 3, "a: 3  # one\nb: 2\n"),
        ("a:  # one\n  - 1\n  - 2\n# two\nb: 2\n", [], "a: []  # one\n# two\nb: 2\n"),
        ("a: []\nb: 2\n", [{"x": 1}], "a:\n  - {x: 1}\nb: 2\n"),
        ("a:\nb: 2\n", "none", "a: none\nb: 2\n"),
        ("a: >-\n  long\n  text\nb: 2\n", "short", "a: short\nb: 2\n"),
        ("a: 1\n", "1c:f6:4c:00:00:01", "a: 1c:f6:4c:00:00:01\n"),
        ("a: 1\n", "10:20:30:40:50:11", "a: '10:20:30:40:50:11'\n"),
        ("a: 1\n", "yes", "a: 'yes'\n"),
    ],
)
def test_a_value_is_replaced(before, value, after):
    assert edit.set_value(before, ("a",), value) == after


def test_cables_that_stay_keep_their_lines():
    after = edit.keep_items(LINKS, ("thunderbolt_links",), [True, False, True], [{"mini1": 3, "mini3": 3}])
    expected = LINKS.replace("  - mini2: 2\n    mini3: 1\n", "")
    assert after == expected.replace("# the long one\n", "# the long one\n  - {mini1: 3, mini3: 3}\n")


def test_a_new_cable_comes_after_the_last_one_that_stays():
    after = edit.keep_items(LINKS, ("thunderbolt_links",), [True, True, False], [{"mini1": 3, "mini3": 3}])
    assert "  - mini2: 2\n    mini3: 1\n  - {mini1: 3, mini3: 3}\n\n# The end.\n" in after


@pytest.mark.parametrize("before", ["", "other: 1\n", "thunderbolt_links: []\n", "thunderbolt_links:\n"])
def test_a_list_that_was_empty_gets_members(before):
    after = edit.keep_items(before, ("thunderbolt_links",), [], [{"mini1": 1, "mini2": 1}])
    assert "thunderbolt_links:\n  - {mini1: 1, mini2: 1}\n" in after


def test_a_list_in_one_line_is_written_anew():
    after = edit.keep_items(
        "thunderbolt_links: [{mini1: 1, mini2: 1}]\na: 1\n", ("thunderbolt_links",), [True], [{"b": 1}]
    )
    assert after == "thunderbolt_links:\n  - {mini1: 1, mini2: 1}\n  - {b: 1}\na: 1\n"


def test_a_list_may_become_empty():
    after = edit.keep_items(LINKS, ("thunderbolt_links",), [False] * 3, [])
    assert edit.load(after) == {"thunderbolt_links": []}
    assert after.endswith("# The end.\n")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("all: {children: {macos: {hosts: {mini1: {}}}}}\n", id="in one line"),
        pytest.param("all: mine\n", id="a word"),
        pytest.param("all: {}\nall: {}\n", id="twice"),
        pytest.param("all:\n  children: &one\n    exo: {}\nother:\n  children: *one\n", id="one value in two places"),
    ],
)
def test_another_form_is_refused(text):
    with pytest.raises(ClusterError, match="is written in a form that this command does not change"):
        edit.set_value(text, ("all", "children", "macos", "hosts", "mini2"), {"ansible_host": "192.168.1.12"})


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_hosts_and_cables_come_into_every_example(folder):
    hosts = (folder / "hosts.yml").read_text(encoding="utf-8")
    after = edit.set_value(hosts, ("all", "children", "macos", "hosts", "new"), {"ansible_host": "192.168.1.99"})
    assert set(hosts.splitlines()) <= set(after.splitlines())
    values = (folder / "group_vars/all.yml").read_text(encoding="utf-8")
    written = (edit.load(values) or {}).get("thunderbolt_links") or []
    after = edit.keep_items(values, ("thunderbolt_links",), [True] * len(written), [{"mini1": 5, "mini2": 5}])
    assert [line for line in values.splitlines() if line not in after.splitlines()] == []
