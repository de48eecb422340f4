# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A run over a broken inventory ends with its sentence, and no host is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.broken_inventories import BROKEN, sources
from tests.example_inventories import EXAMPLES

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    """A site that validates and then touches every host, with an ssh that leaves a trace."""
    ssh = tmp_path / "ssh"
    ssh.write_text(f"#!/bin/sh\ntouch {tmp_path}/touched\nexit 255\n")
    ssh.chmod(0o755)
    site = tmp_path / "site.yml"
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"ansible.builtin.ping": None}], "tags": ["exo"]}
    site.write_text(yaml.safe_dump([{"import_playbook": str(REPOSITORY / "playbooks/validate.yml")}, play]))
    return site


def run(playbook: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("ansible-playbook")
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
        "ANSIBLE_SSH_EXECUTABLE": str(playbook.parent / "ssh"),
        "ANSIBLE_NOCOLOR": "1",
    }
    command = [str(program), str(playbook), *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("address_twice", [], id="plain"),
        pytest.param("cable_port_twice", ["--limit", "gpu1"], id="under-a-limit"),
        pytest.param("variable_misspelt", ["--tags", "exo"], id="with-tags"),
        pytest.param("management_twice", ["--check"], id="check-mode"),
    ],
)
def test_the_playbook_stops_before_it_touches_a_host(playbook: Path, name: str, arguments: list[str]) -> None:
    inventories = [part for source in sources(name) for part in ("-i", source)]
    done = run(playbook, *inventories, *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    said = [line.strip() for line in done.stdout.splitlines()]
    assert said.count(BROKEN[name]["sentence"]) == 1
    assert "unreachable=0" in done.stdout
    assert "PLAY [all]" not in done.stdout
    assert not (playbook.parent / "touched").exists()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_a_copy_of_an_example_is_good(playbook: Path, tmp_path: Path, example: Path) -> None:
    home = shutil.copytree(example, tmp_path / "home")
    before = sorted(home.rglob("*"))
    done = run(REPOSITORY / "playbooks/validate.yml", "-i", str(home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(home.rglob("*")) == before


def test_the_trace_would_show(playbook: Path) -> None:
    # What a lab that is up would have written for its inventory.
    (playbook.parent / "password").write_text("a password of the lab\n")
    done = run(playbook, "-i", str(REPOSITORY / "inventories/lab"), "-e", f"lab_directory={playbook.parent}")
    assert done.returncode == 4, done.stdout + done.stderr
    assert (playbook.parent / "touched").exists()
