# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The installed tarball: its playbooks by name, from a directory without a checkout or a configuration."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests import collection

PLAYBOOKS = ["bootstrap", "site", "uninstall", "validate", "verify"]
ELSEWHERE = {"ANSIBLE_CONFIG": None}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a collections path with the collection; what it depends on came with Ansible."""
    root = tmp_path_factory.mktemp("installed")
    tarball = collection.build(tmp_path_factory.mktemp("built"))
    argv = [str(collection.GALAXY), "collection", "install", "--offline", str(tarball), "--collections-path", str(root)]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.fixture
def stranger(play, installed, tmp_path):
    """Run playbooks of the installed collection on a copy of its example inventory."""
    shutil.copytree(installed / collection.INSIDE / "inventories/example", tmp_path / "home")

    def run(names, *arguments):
        first, *others = [f"hybrid_ai.cluster.{name}" for name in names]
        return play(first, *others, "-i", "home", *arguments, ANSIBLE_COLLECTIONS_PATH=str(installed), **ELSEWHERE)

    return run


def test_every_playbook_is_found_with_all_that_it_names(stranger):
    done = stranger(PLAYBOOKS, "--syntax-check")
    assert done.rc == 0, done.text
    assert done.text.count("playbook: ") == len(PLAYBOOKS)


def test_the_example_inventory_is_valid_as_it_is(stranger):
    done = stranger(["validate"])
    assert done.rc == 0, done.text


def test_a_mistake_is_the_same_sentence_as_in_a_checkout(stranger):
    done = stranger(["site"], "--tags", "exxo")
    assert done.rc == 2, done.text
    assert "exxo is a tag of no play in this run; did you mean exo?" in done.text
