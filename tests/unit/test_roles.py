# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that every role keeps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._capabilities import registry
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._plays import applied

from tests import yaml_files

ROOT = Path(__file__).resolve().parents[2]
TASK_FILES = sorted(ROOT.glob("roles/*/tasks/*.yml"))
SHELLS = {"shell", "ansible.builtin.shell", "raw", "ansible.builtin.raw", "script", "ansible.builtin.script"}


def actions(tasks):
    """Yield the keys of every task, those inside blocks included."""
    for task in tasks or []:
        yield from task
        for section in ("block", "rescue", "always"):
            yield from actions(task.get(section))


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_role_uses_a_shell(path):
    """Options of GNU tools that macOS refuses hide in shell lines; modules have none."""
    assert SHELLS.isdisjoint(actions(yaml_files.load(path)))


PLAYS = [play for path in sorted(ROOT.glob("playbooks/*.yml")) for play in yaml_files.load(path) if "hosts" in play]
TARGETS = {name for play in PLAYS for name in re.split("[:,]", play["hosts"]) if not name.startswith("~")}
# What decides where something runs; the validation of the inventory knows every name and decides nothing.
READERS = {
    path: path.read_text(encoding="utf-8")
    for pattern in ("playbooks/*.yml", "roles/*/*/*.yml", "roles/*/templates/*", "plugins/**/*.py")
    for path in sorted(ROOT.glob(pattern))
    if "_inventory_rules" not in path.parts
    and path.parts[-3:-1] not in {("cluster_values", "defaults"), ("cluster", "meta")}
}


def is_read(name):
    """Tell whether a role, a playbook or a plugin asks for a group or a variable."""
    return any(re.search(rf"\b{name}\b", text) for text in READERS.values())


@pytest.mark.parametrize("group", [group for group in registry().groups if group != "linux"])
def test_a_group_that_is_accepted_means_something(group):
    # linux is what every host is that is not a Mac.
    asks = re.compile(rf"'{group}' in group_names|groups(\.|\[')({group})\b")
    assert group in TARGETS or any(asks.search(text) for text in READERS.values())


@pytest.mark.parametrize(("program", "groups"), registry().planned_groups.items(), ids=registry().planned_groups)
def test_a_group_that_is_refused_means_nothing(program, groups):
    assert not (ROOT / "roles" / program).exists()
    assert TARGETS.isdisjoint(groups)
    assert not any(is_read(group) for group in groups)


EXPERIMENTAL = yaml_files.load(ROOT / "roles/cluster/meta/argument_specs.yml")["argument_specs"]["values"]["options"][
    "cluster_experimental"
]["choices"]


@pytest.mark.parametrize("name", EXPERIMENTAL)
def test_an_experiment_that_is_accepted_is_read_by_a_role(name):
    assert is_read(name)


def test_every_group_that_a_play_is_for_is_accepted():
    assert TARGETS - {"all", "localhost"} <= set(registry().groups)


def test_roles_get_the_shared_values_without_their_specification():
    """Ansible reads and copies the specification of a role anew for each role that depends on it, in each play."""
    metadata = {path.parts[-3]: yaml_files.load(path) for path in sorted(ROOT.glob("roles/*/meta/main.yml"))}
    needed = {name: {one["role"] for one in found.get("dependencies", [])} for name, found in metadata.items()}
    assert set.union(*needed.values()) == {"hybrid_ai.cluster.cluster_values"}
    files = {path.name for path in (ROOT / "roles/cluster_values").iterdir()}
    assert files == {"README.md", "defaults", "meta", "vars"}


def test_building_blocks_are_the_roles_that_no_play_applies():
    found = {role for play in PLAYS for role, _ in applied(play)}
    assert (
        set(registry().building_blocks)
        == {path.parents[1].name for path in ROOT.glob("roles/*/tasks/main.yml")} - found
    )


def test_a_program_from_homebrew_is_asked_for_before_anything_is_changed():
    asking = yaml_files.load(ROOT / "roles/preflight/vars/main.yml")["__preflight_homebrew_roles"]
    brewing = {
        path.parts[-3] for path in ROOT.glob("roles/*/*/*.yml") if re.search(r"\bformula'?: '?\w", path.read_text())
    }
    assert brewing
    assert set(re.findall(r"\{'(\w+)': '[^']+'\} if", asking)) == brewing


def test_a_service_that_downloads_has_a_line_that_says_whether_it_can():
    variables = {path.parts[-3]: path.read_text() for path in sorted(ROOT.glob("roles/*/vars/main.yml"))}
    downloading = {role for role, text in variables.items() if re.search(r"^  downloads: true$", text, re.MULTILINE)}
    assert downloading
    assert {role for role, text in variables.items() if "check: downloads," in text} == downloading
