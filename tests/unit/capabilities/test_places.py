# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Each place that an entry of capabilities.yml needs is there; without one, a sentence names it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.unit.capabilities.places import EXAMPLE, SITE, UNINSTALL, problems

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[3]
PLACES = ("capabilities.yml", "playbooks", "roles", "molecule", "inventories/example")


def test_no_place_is_missing():
    assert problems(ROOT) == []


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what the places are in."""
    top = tmp_path_factory.mktemp("copy")
    # Nobody looks into what a role puts on hosts.
    left = shutil.ignore_patterns("__pycache__", "files", "templates")
    for name in PLACES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, top / name, ignore=left, symlinks=True)
        else:
            shutil.copy(ROOT / name, top / name)
    return top


@pytest.fixture
def tree(copy: Path, tmp_path: Path) -> Path:
    """Return a tree of its own, whose files are those of the copy until they are written."""
    return Path(shutil.copytree(copy, tmp_path / "tree", copy_function=os.link, symlinks=True))


def write(path: Path, text: str) -> None:
    """Write a file in place of the one that the trees share."""
    path.unlink()
    path.write_text(text)


def edited(name: str, change: Callable[[list[dict]], list[dict]]) -> Callable[[Path], None]:
    def edit(tree: Path) -> None:
        path = tree / name
        write(path, yaml.safe_dump(change(yaml.safe_load(path.read_text())), sort_keys=False))

    return edit


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def replace(tree: Path) -> None:
        text = (tree / name).read_text()
        assert old in text
        write(tree / name, text.replace(old, new))

    return replace


def without(name: str) -> Callable[[Path], None]:
    return lambda tree: shutil.rmtree(tree / name) if (tree / name).is_dir() else (tree / name).unlink()


def without_play(role: str) -> Callable[[list[dict]], list[dict]]:
    return lambda plays: [play for play in plays if role not in yaml.safe_dump([play.get("roles"), play.get("tasks")])]


def without_entry(tree: Path) -> None:
    path = tree / "capabilities.yml"
    content = yaml.safe_load(path.read_text())
    del content["capabilities"]["exo"]
    write(path, yaml.safe_dump(content))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param(
            edited("playbooks/backends.yml", without_play("exo")),
            "playbooks/backends.yml applies no role exo.",
            id="play",
        ),
        pytest.param(
            replaced("playbooks/backends.yml", "hosts: exo", "hosts: macos"),
            "playbooks/backends.yml applies the role exo to macos instead of exo.",
            id="hosts of the play",
        ),
        pytest.param(
            replaced("playbooks/backends.yml", "      tags: [exo]\n", ""),
            "playbooks/backends.yml runs the role exo with other tags than backends and exo.",
            id="tags",
        ),
        pytest.param(
            replaced("capabilities.yml", "    uid: 451\n", "    uid: 451\n    tags: [answers]\n"),
            "playbooks/backends.yml runs the role exo with other tags than answers and backends and exo.",
            id="further tags of the play",
        ),
        pytest.param(
            edited(SITE, lambda plays: [play for play in plays if "backends" not in str(play)]),
            f"{SITE} does not import backends.yml with the role exo.",
            id="import",
        ),
        pytest.param(
            edited(SITE, lambda plays: [*plays[:3], plays[10], *plays[3:10], *plays[11:]]),
            f"{SITE} applies firewall after exo, which needs it.",
            id="order",
        ),
        pytest.param(
            edited("playbooks/backends.yml", lambda plays: plays[1:]),
            "playbooks/backends.yml does not import checks.yml first.",
            id="checks of a playbook that is run alone",
        ),
        pytest.param(
            replaced(SITE, "backends.yml\n  vars: {__cluster_checked: true}", "backends.yml"),
            f"{SITE} does not tell backends.yml that the checks are done, with vars: {{__cluster_checked: true}}.",
            id="checks twice",
        ),
        pytest.param(edited(UNINSTALL, without_play("exo")), f"{UNINSTALL} does not remove exo.", id="removal"),
        pytest.param(
            edited(UNINSTALL, lambda plays: [plays[0], *plays[:0:-1]]),
            f"{UNINSTALL} removes firewall before exo, which needs it.",
            id="order of the removal",
        ),
        pytest.param(without("roles/exo/tasks/main.yml"), "roles/exo/tasks/main.yml is missing.", id="tasks"),
        pytest.param(
            without("roles/exo/meta/argument_specs.yml"), "roles/exo/meta/argument_specs.yml is missing.", id="specs"
        ),
        pytest.param(
            replaced("roles/exo/vars/main.yml", "__exo_report:", "__exo_lines:"),
            "roles/exo/vars/main.yml has no __exo_report, its checks.",
            id="checks",
        ),
        pytest.param(
            replaced("roles/exo/defaults/main.yml", "exo_uid: 451", "exo_uid: 452"),
            "exo_uid is 452 in the role and 451 in capabilities.yml.",
            id="uid of the role",
        ),
        pytest.param(
            replaced("capabilities.yml", "uid: 451", "uid: 452"),
            "exo and adguard_home have the same uid, 452.",
            id="uid of another",
        ),
        pytest.param(
            replaced("capabilities.yml", "uid: 451", "uid: 501"),
            "The uid of exo, 501, is not between 450 and 499.",
            id="uid of a person",
        ),
        pytest.param(without("molecule/exo/molecule.yml"), "molecule/exo/molecule.yml is missing.", id="scenario"),
        pytest.param(without("molecule/exo/values.yml"), "molecule/exo/values.yml is missing.", id="other values"),
        pytest.param(without("molecule/exo/tests"), "molecule/exo/tests has no test.", id="tests"),
        pytest.param(
            replaced(EXAMPLE, "    gpu:\n", ""), f"{EXAMPLE} does not show the group gpu.", id="example inventory"
        ),
        pytest.param(without_entry, "capabilities.yml has no entry for the role exo.", id="entry"),
    ],
)
def test_what_is_missing_is_named(tree, change, sentence):
    change(tree)
    assert sentence in problems(tree)
