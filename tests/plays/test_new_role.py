# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""`make role` writes what is complete: few files, and every test of roles passes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import generate
from generate import new_role
from tests.checkout import copy_to
from tests.unit.capabilities.places import problems

ROOT = Path(__file__).resolve().parents[2]
MOST_FILES = 13


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """Return a copy of this checkout."""
    return copy_to(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def written(tree) -> list[str]:
    """Make the role in the copy; return the files that a person goes on with."""
    return new_role.create(tree, "throwaway")


def test_a_new_backend_is_few_files(tree, written):
    assert len(written) <= MOST_FILES
    assert all((tree / name).exists() for name in written)


def test_no_place_is_missing_and_no_file_is_stale(tree, written):
    assert problems(tree) == []
    assert generate.stale(tree) == []


def test_linters_and_unit_tests_accept_it(tree, written):
    checks = (
        ["yamllint", "--strict", *(name for name in written if name.endswith(".yml"))],
        ["ruff", "check", "molecule"],
        ["ruff", "format", "--check", "molecule"],
        [
            "pytest",
            "--quiet",
            "tests/unit/test_roles.py",
            "tests/unit/test_argument_specs.py",
            "tests/unit/test_advice.py",
        ],
        ["ansible-lint", "--offline", "roles/throwaway", "playbooks/backends.yml", "playbooks/uninstall.yml"],
    )
    for name, *arguments in checks:
        argv = [str(Path(sys.executable).parent / name), *arguments]
        done = subprocess.run(argv, cwd=tree, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stdout[-3000:]}{done.stderr[-3000:]}"


def test_a_host_of_its_group_is_accepted(tree, written):
    inventory = tree / "inventories/example/hosts.yml"
    inventory.write_text(
        inventory.read_text().replace("# throwaway:\n    #   hosts:\n    #     gpu1:", "throwaway: {hosts: {gpu1: }}")
    )
    argv = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "-i",
        "inventories/example",
        "playbooks/validate.yml",
    ]
    done = subprocess.run(argv, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("name", "playbook", "sentence"),
    [
        ("exo", "backends", "There is a role exo already."),
        (
            "My-Role",
            "backends",
            "My-Role is not a valid name of a role; use lower-case letters, digits and _, at most 30.",
        ),
        ("other", "absent", "There is no playbooks/absent.yml; set PLAYBOOK to the name of one."),
    ],
)
def test_what_cannot_be_made_is_said(name, playbook, sentence):
    with pytest.raises(new_role.RoleError, match=f"^{sentence}$"):
        new_role.create(ROOT, name, playbook)
