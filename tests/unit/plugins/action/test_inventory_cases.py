# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What is wrong is refused with one sentence, what is right accepted, and no type of value ends in Python's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import (
    load_specs,
    read_inventory,
)
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules import check

from tests.example_inventories import EXAMPLE
from tests.inventory_cases import ACCEPTED, INVENTORIES, REFUSED, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

OTHERS = [True, -1, 1.5, "", "x", [None], [1], [[1]], [{}], {1: 2}, {"a": None}]
"""A value of each type, and what a list and a mapping can hold."""
PYTHON = re.compile(
    r"NoneType|Traceback|object has no|not iterable|<class|_Ansible|convert|unhashable|subscript|positional"
)


def sentences(files: list[str], change: Callable[[InventoryManager], None] = lambda _: None) -> list[str]:
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=files)
    change(inventory)
    hostvars = HostVars(inventory, VariableManager(loader=loader, inventory=inventory), loader)
    return check(read_inventory(hostvars, inventory.get_groups_dict(), loader))


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_inventory_gives_one_sentence(name: str, tmp_path: Path) -> None:
    assert sentences(write(REFUSED[name], tmp_path)) == [REFUSED[name]["sentence"]]


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_right_inventory_gives_none(name: str, tmp_path: Path) -> None:
    assert sentences(write(ACCEPTED[name], tmp_path)) == []


def replaced(value: Any) -> Iterator[Any]:
    """Return a value with each of its members, however deep, in turn replaced by one of another type."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from ({**value, key: other} for other in replaced(member))
    elif isinstance(value, list) and value:
        yield from ([other, *value[1:]] for other in replaced(value[0]))
    yield from OTHERS


def given(path: Path) -> dict[str, Any]:
    """Return what an inventory says for all of its hosts."""
    inventory = InventoryManager(loader=DataLoader(), sources=[str(path)])
    manager = VariableManager(loader=DataLoader(), inventory=inventory)
    host = inventory.get_hosts()[0]
    known = {*load_specs().options, "ansible_ssh_common_args"}
    return {name: value for name, value in manager.get_vars(host=host).items() if name in known}


def in_python(files: list[str], values: dict[str, Any]) -> list[str]:
    """Return the sentences that are Python's, with some values set for all hosts."""

    def change(inventory: InventoryManager) -> None:
        for name, value in values.items():
            inventory.groups["all"].set_variable(name, value)

    return [one for one in sentences(files, change) if PYTHON.search(one)]


@pytest.mark.parametrize("path", [INVENTORIES / "good/models.yml", EXAMPLE], ids=lambda path: path.stem)
def test_a_value_of_another_type_ends_in_our_words(path: Path) -> None:
    changes = [(name, other) for name, value in given(path).items() for other in replaced(value)]
    # Each place meets some of the types, and each type many places.
    for name, other in changes[::4]:
        assert in_python([str(path)], {name: other}) == [], (name, other)


@pytest.mark.parametrize("other", OTHERS, ids=str)
def test_every_variable_of_another_type_ends_in_our_words(other: Any) -> None:
    assert in_python([str(INVENTORIES / "good/desk.yml")], dict.fromkeys(load_specs().options, other)) == []
