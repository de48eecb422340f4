# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Broken inventories give one sentence each, good ones none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jinja2
import pytest
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.hostvars import HostVars
from ansible.vars.manager import VariableManager
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_reader import read_inventory
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules import check

from tests.broken_inventories import BROKEN, INVENTORIES, sources
from tests.example_inventories import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# inventories/lab reads files by lookups, so it goes through the real program in tests/plays.
GOOD = [*sorted((INVENTORIES / "good").iterdir()), *EXAMPLES]


@pytest.fixture(scope="module", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Compile the templates of the defaults, which are the same for every host of every inventory, once."""
    compile_template, compiled = jinja2.Environment.compile, {}

    def compile_once(self: jinja2.Environment, source: Any, *arguments: Any, **named: Any) -> Any:
        # What a backslash means is not in the source alone.
        if not isinstance(source, str) or "\\" in source or arguments or named:
            return compile_template(self, source, *arguments, **named)
        key = (type(self), self.block_start_string, self.variable_start_string, source)
        if key not in compiled:
            compiled[key] = compile_template(self, source)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jinja2.Environment, "compile", compile_once)
        yield


def sentences(*paths: str) -> list[str]:
    loader = DataLoader()
    inventory = InventoryManager(loader=loader, sources=list(paths))
    hostvars = HostVars(inventory, VariableManager(loader=loader, inventory=inventory), loader)
    return check(read_inventory(hostvars, inventory.get_groups_dict(), loader))


def test_every_broken_inventory_has_an_expected_sentence() -> None:
    assert {path.stem for path in (INVENTORIES / "broken").iterdir()} == set(BROKEN)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_inventory_gives_one_sentence(name: str) -> None:
    assert sentences(*sources(name)) == [BROKEN[name]["sentence"]]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_inventory_gives_none(path: Path) -> None:
    assert sentences(str(path)) == []


def test_several_mistakes_are_sorted_sentences() -> None:
    found = sentences(
        *sources("address_twice"), *sources("exo_peers_without_master")[1:], *sources("command_line_tools_on_linux")[1:]
    )
    assert [sentence.split(":")[0] for sentence in found] == ["gpu1", "inventory", "olab2"]
