# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The table of who may reach what has each service once, and says what the packet filter does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from generate import ROOT, security

if TYPE_CHECKING:
    from pathlib import Path

SERVICES = yaml.safe_load((ROOT / security.DEFAULTS).read_text(encoding="utf-8"))["cluster_services"]


def rows(root: Path) -> dict[str, list[str]]:
    """Return who may reach each service of the page."""
    _, _, text = security.files(root)[security.PAGE].partition(f"<!-- {security.PART}: begin -->")
    lines = [line.strip("| \n").split(" | ") for line in text.partition("<!--")[0].strip().splitlines()]
    (_, _, *askers), _, *found = lines
    marked = [(words[1].split("`")[1], [word.strip() for word in [*words[2:], *[""] * 5][:5]]) for words in found]
    return {
        name: [asker.strip() for asker, mark in zip(askers, marks, strict=True) if mark == "yes"]
        for name, marks in marked
    }


def test_every_service_is_there_once() -> None:
    assert rows(ROOT).keys() == SERVICES.keys()


@pytest.mark.parametrize(
    ("service", "askers"),
    [
        ("node_exporter", ["the management node"]),
        ("exo_peers", ["hosts of the same group"]),
        ("squid", ["hosts of the inventory", "hosts of the same group", "the management node"]),
        ("gateway", ["the LAN", "hosts of the inventory", "hosts of the same group", "the management node"]),
        ("ssh", ["everybody", "the LAN", "hosts of the inventory", "hosts of the same group", "the management node"]),
    ],
)
def test_who_may_reach_it(service: str, askers: list[str]) -> None:
    assert rows(ROOT)[service] == askers


def test_it_follows_the_table(tmp_path: Path) -> None:
    for name in (security.PAGE, security.DEFAULTS):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    defaults = tmp_path / security.DEFAULTS
    changed = {"cluster_services": {**SERVICES, "squid": {**SERVICES["squid"], "from": ["anywhere"]}}}
    defaults.write_text(yaml.safe_dump(changed), encoding="utf-8")
    assert rows(tmp_path)["squid"][0] == "everybody"
