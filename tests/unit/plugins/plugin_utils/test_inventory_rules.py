# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import (
    REMOVED_VARIABLES,
    Host,
    Inventory,
    Specs,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._types import option_faults
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._variables import unknown_variables

MEMBERS = {
    "name": {"type": "str", "required": True},
    "port": {"type": "int"},
    "socket": {"type": "path"},
}


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        pytest.param({"type": "int"}, None, [], id="unset"),
        pytest.param({"type": "int"}, 5, [], id="int"),
        pytest.param({"type": "int"}, True, ["x is true; write a whole number, without quotes."], id="int-bool"),
        pytest.param({"type": "int"}, 5.5, ["x is 5.5; write a whole number, without quotes."], id="int-float"),
        pytest.param({"type": "float"}, 5, [], id="float-int"),
        pytest.param({"type": "bool"}, 1, ["x is 1; write true or false, without quotes."], id="bool-int"),
        pytest.param({"type": "str"}, 1.5, ["x is 1.5; write text; put it in quotes."], id="str-float"),
        pytest.param({"type": "str"}, ["a"], ["x is a list; write text; put it in quotes."], id="str-list"),
        pytest.param({}, {"a": 1}, ["x is a mapping; write text; put it in quotes."], id="str-by-default"),
        pytest.param({"type": "path"}, "~/a", [], id="path"),
        pytest.param({"type": "raw"}, {"a": 1}, [], id="raw"),
        pytest.param(
            {"type": "str", "no_log": True}, 4711, ["x has a wrong value; write text; put it in quotes."], id="secret"
        ),
        pytest.param(
            {"type": "list", "elements": "int"},
            [1, "2"],
            ["x[1] is '2'; write a whole number, without quotes."],
            id="element",
        ),
        pytest.param(
            {"type": "list", "elements": "str", "choices": ["on", "off"]},
            ["on", "of"],
            ["x[1] is 'of'; did you mean off?"],
            id="element-choice",
        ),
        pytest.param({"type": "dict"}, {"any": "thing"}, [], id="free-mapping"),
        pytest.param({"type": "dict", "options": MEMBERS}, {"name": "a", "port": 1}, [], id="mapping"),
        pytest.param(
            {"type": "dict", "options": MEMBERS},
            {"port": "1"},
            ["x.port is '1'; write a whole number, without quotes.", "x has no name; add it."],
            id="members",
        ),
        pytest.param(
            {"type": "dict", "options": MEMBERS},
            {"name": "a", "prot": 1},
            ["x has prot, which it does not know; did you mean port?"],
            id="unknown-member",
        ),
        pytest.param(
            {"type": "dict", "options": MEMBERS, "mutually_exclusive": [["port", "socket"]]},
            {"name": "a", "port": 1, "socket": "/s"},
            ["parameters are mutually exclusive: port|socket found in x; correct x."],
            id="left-to-ansible",
        ),
    ],
)
def test_values_are_taken_at_their_word(option: dict[str, Any], value: Any, expected: list[str]) -> None:
    assert option_faults("x", value, option) == expected


def test_prefixes_are_those_of_roles_that_people_set_variables_of() -> None:
    roles = {
        "exo": {
            "argument_specs": {
                "main": {"options": {"exo_port": {"type": "int"}}},
                "remove": {"options": {"exo_all": {}}},
            }
        },
        "service": {"argument_specs": {"main": {"options": {"service_definition": {"type": "dict"}}}}},
    }
    specs = Specs.from_roles(roles)
    assert specs.prefixes == ("exo_",)
    assert {"exo_port", "exo_all", "service_definition", "ansible_host"} <= set(specs.options)


@pytest.mark.parametrize("name", REMOVED_VARIABLES)
def test_a_variable_that_was_removed_says_what_holds_now(name: str) -> None:
    host = Host("mini1", frozenset({"macos"}), names=frozenset({name}))
    inventory = Inventory({"mini1": host}, {"all": ["mini1"]}, Specs({}, ("cluster_",)))
    assert [problem.text for problem in unknown_variables(inventory)] == [
        f"{name} is no longer read: {REMOVED_VARIABLES[name]}; remove it."
    ]
