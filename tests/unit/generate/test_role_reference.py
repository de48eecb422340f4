# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README of a role says what its specification says, below what somebody wrote by hand."""

from __future__ import annotations

import pytest
import yaml

from generate import ROOT
from generate.role_reference import WRITTEN, files, readme


def test_there_is_one_for_each_role():
    roles = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}
    assert set(files(ROOT)) == {"docs/roles.md", *(f"roles/{role}/README.md" for role in roles)}


@pytest.fixture
def role(tmp_path):
    """A role of its own, in a project of its own; returns where it is."""
    place = tmp_path / "roles/lamp"
    play = {"hosts": "all", "roles": [{"role": "hybrid_ai.cluster.lamp", "tags": ["lamp"]}]}
    option = {"description": "V(null) leaves it; see O(lamp_state).", "type": "int"}
    specified = {"short_description": "A lamp", "description": ["Shines."], "options": {"lamp_watts": option}}
    for path, content in {
        place / "meta/argument_specs.yml": {"argument_specs": {"main": specified}},
        place / "defaults/main.yml": {"lamp_watts": 7},
        tmp_path / "playbooks/lights.yml": [play],
        tmp_path / "playbooks/uninstall.yml": [play],
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    return place


def test_a_role_without_a_text_of_its_own_is_described_by_its_specification(role):
    lines = readme(role.parents[1], "lamp").splitlines()
    assert lines[0] == "# lamp"
    assert lines.index("A lamp.") < lines.index("- Shines.") < lines.index("## Use")
    assert "The playbook `hybrid_ai.cluster.lights` applies it; alone, with `--tags lamp`." in lines
    assert lines[-1] == "| `lamp_watts` | int | `7` | `null` leaves it; see `lamp_state`. |"


def test_a_text_of_its_own_stays(role):
    own = "# lamp\n\nIt hangs from the ceiling.\n"
    (role / "README.md").write_text(f"{own}\n{WRITTEN}\n\nold\n")
    text = readme(role.parents[1], "lamp")
    assert text.partition(WRITTEN)[0] == f"{own}\n"
    assert "old" not in text
    assert "A lamp." not in text
    (role / "README.md").write_text(text)
    assert readme(role.parents[1], "lamp") == text


def test_a_part_of_other_roles_says_so(role):
    (role.parents[1] / "playbooks/lights.yml").write_text("[]\n")
    (role / "meta/argument_specs.yml").unlink()
    (role / "README.md").write_text("# lamp\n\nA bulb.\n")
    assert readme(role.parents[1], "lamp").endswith(
        "## Use\n\nNo playbook applies it by itself: it is a part of other roles.\n"
    )
