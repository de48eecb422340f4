# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every `--limit` that people are told to write names hosts of the example that it stands beside."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.example_inventories import EXAMPLE, EXAMPLES, REPOSITORY, members

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted(
    path
    for pattern in ("*.md", "*.yml", "docs/*.md", "playbooks/*.yml", "inventories/**/*.md", "roles/*/README.md")
    for path in REPOSITORY.glob(pattern)
)
_COPY = re.compile(r"\bcp -r (inventories/[\w/]+) (inventories/\w+)")
_INVENTORY = re.compile(r"\s(?:-i|--inventory)[ =](inventories/[\w/]+)")
_LIMIT = re.compile(r"[\s`](?:-l|--limit)[ =]['\"]?([^\s`'\"]+)")


def limits(text: str) -> list[tuple[Path, str]]:
    """Return the inventory and the pattern of every limit: a copy's is what it was made from, else the example."""
    copies: dict[str, str] = {}
    found = []
    for line in text.splitlines():
        copies |= {copy: source for source, copy in _COPY.findall(line)}
        for pattern in _LIMIT.findall(line):
            (inventory,) = _INVENTORY.findall(line) or ["inventories/home"]
            source = REPOSITORY / copies.get(inventory, inventory)
            found.append((source if source.exists() else EXAMPLE, pattern))
    return found


FOUND = [
    pytest.param(inventory, pattern, id=f"{page.relative_to(REPOSITORY)} {pattern}")
    for page in PAGES
    for inventory, pattern in limits(page.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("inventory", "pattern"), FOUND)
def test_a_limit_names_a_host_of_its_example(inventory: Path, pattern: str) -> None:
    assert members(inventory, pattern), f"{inventory.name} has no host {pattern}"


def test_the_readme_has_one() -> None:
    assert any("README.md" in str(found.id) for found in FOUND)


def test_a_limit_is_found_with_its_inventory() -> None:
    (two, *_) = [path for path in EXAMPLES if path.name == "two_macs"]
    text = """
cp -r inventories/examples/two_macs inventories/home
ansible-playbook -i inventories/home site.yml --limit mini3   # one machine
Repeat it with `--limit mini2`.
ansible-playbook -i inventories/lab site.yml --tags exo -l 'olab*'
ansible-playbook -i inventories/elsewhere site.yml --limit=mini1,gpu1
"""
    found = limits(text)
    assert found == [
        (two, "mini3"),
        (two, "mini2"),
        (REPOSITORY / "inventories/lab", "olab*"),
        (EXAMPLE, "mini1,gpu1"),
    ]
    assert [members(*one) for one in found] == [[], ["mini2"], ["olab1", "olab2", "olab3", "olab0"], ["mini1", "gpu1"]]
