# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""How and where Ansible is started: another version, another working directory, an inventory that is not there."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from tests import yaml_files
from tests.plays.conftest import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = str(REPOSITORY / "tests/inventories/good/one_mac.yml")
NOT_READ = f"{REPOSITORY}/ansible.cfg is not read"


@pytest.mark.parametrize("playbook", ["site.yml", "playbooks/bootstrap.yml"])
@pytest.mark.parametrize("version", ["2.17.5"])
def test_another_ansible_core_is_one_sentence(play: Callable, tmp_path: Path, playbook: str, version: str) -> None:
    # Python reads this before anything else, and Ansible then takes itself for that version.
    (tmp_path / "sitecustomize.py").write_text(f"import ansible.release\nansible.release.__version__ = {version!r}\n")
    done = play(playbook, "-i", GOOD, PYTHONPATH=str(tmp_path))
    said = " ".join(done.text.split())
    assert done.rc == 2, done.text
    assert f"This is ansible-core {version} of " in said
    assert "and 2.19.0 or newer is needed, which takes Python 3.11 or newer" in said
    assert done.text.count("PLAY [") == 1
    assert "WHAT IS WRONG" not in done.text


def test_the_python_of_the_sentence_is_the_one_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["requires-python"]
    (said,) = [task for task in yaml_files.load(REPOSITORY / "roles/validate/tasks/main.yml") if "run_once" in task]
    readme = " ".join((REPOSITORY / "README.md").read_text().split())
    for text in (said["ansible.builtin.assert"]["fail_msg"], readme):
        assert f"Python {project.removeprefix('>=')} or newer" in text
        assert "brew install python@" in text


@pytest.mark.parametrize(
    ("configuration", "said"),
    [
        pytest.param({"ANSIBLE_CONFIG": None}, True, id="another-directory"),
        pytest.param({}, False, id="named"),
    ],
)
def test_a_run_from_elsewhere_says_that_the_configuration_is_not_read(
    play: Callable, configuration: dict, said: bool
) -> None:
    done = play("playbooks/validate.yml", "-i", GOOD, **configuration)
    assert done.rc == 0, done.text
    assert (NOT_READ in " ".join(done.text.split())) is said


def test_an_inventory_that_is_not_there_is_one_sentence(play: Callable, tmp_path: Path) -> None:
    """Ansible itself goes on with nobody, or with those of another inventory."""
    missing = f"there is no inventory {tmp_path}/inventories/home; write its whole path, or run this in the folder in "
    for also in ([], ["-i", GOOD]):
        done = play("site.yml", "-i", "inventories/home", *also, ANSIBLE_CONFIG=None)
        assert done.rc == 2, done.text
        assert missing in done.text
        assert done.text.count("PLAY [") == 1
