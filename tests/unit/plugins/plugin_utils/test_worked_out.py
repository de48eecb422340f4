# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A value is worked out once where it is the same, and anew where anything that it names differs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._worked_out import WorkedOut


def trusted(variables: dict[str, Any]) -> dict[str, Any]:
    return {
        name: trust_as_template(value) if isinstance(value, str) and "{" in value else value
        for name, value in variables.items()
    }


def results(text: str, *hosts: dict[str, Any]) -> list[Any]:
    worked_out, value = WorkedOut(), trust_as_template(text)
    hosts = tuple(trusted(host) for host in hosts)
    return [worked_out.template(value, host, Templar(DataLoader(), host)) for host in hosts]


@pytest.mark.parametrize(
    ("text", "hosts", "expected"),
    [
        pytest.param("{{ a }}", [{"a": "1"}, {"a": "2"}], ["1", "2"], id="another-text"),
        pytest.param("{{ a }}", [{"a": 1}, {"a": True}], [1, True], id="another-type"),
        pytest.param("{{ a }}/x", [{"a": "{{ b }}", "b": "1"}, {"a": "{{ b }}", "b": "2"}], ["1/x", "2/x"], id="deep"),
        pytest.param("{{ a[0] }}", [{"a": ["1"]}, {"a": ["2"]}], ["1", "2"], id="list"),
        pytest.param("{{ a | default('none') }}", [{}, {"a": "1"}], ["none", "1"], id="unset-in-one"),
        pytest.param("{{ a | regex_replace('x', 'y') }}", [{"a": "x"}, {"a": "z"}], ["y", "z"], id="filter-of-ansible"),
        pytest.param("{{ a is match('x') }}", [{"a": "x"}, {"a": "z"}], [True, False], id="test-of-ansible"),
        pytest.param("{% if a %}x{% else %}{{ b }}{% endif %}", [{"a": 1}, {"a": 0, "b": "y"}], ["x", "y"], id="block"),
    ],
)
def test_what_differs_is_told_apart(text: str, hosts: list[dict[str, Any]], expected: list[Any]) -> None:
    found = results(text, *hosts)
    assert found == expected
    assert [type(one) for one in found] == [type(one) for one in expected]


def test_what_is_the_same_is_worked_out_once() -> None:
    worked_out, value, filled = WorkedOut(), trust_as_template("{{ a }}/{{ b }}"), []

    class Counting(Templar):
        def template(self, variable: Any, *arguments: Any, **named: Any) -> Any:
            filled.append(variable)
            return super().template(variable, *arguments, **named)

    for number in range(3):
        host = {"a": "x", "b": "y", "own": number}
        assert worked_out.template(value, host, Counting(DataLoader(), host)) == "x/y"
    assert filled == [value]


@pytest.mark.parametrize("text", ["{{ 10 ** 9 | random }}", "{{ lookup('vars', 'a') }}", "{{ ansible_facts.x }}"])
def test_what_cannot_be_told_is_worked_out_for_each_host(text: str) -> None:
    assert WorkedOut()._key(trust_as_template(text), {"a": "1"}) is None
