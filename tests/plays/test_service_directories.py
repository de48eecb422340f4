# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the block service does as root to directories that a service's user owns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PLAYBOOK = """
- hosts: here
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: hybrid_ai.cluster.service
        tasks_from: make_user
        rolespec_validate: false
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files to somebody")
def test_the_directories_of_a_service_are_given_over_no_link(tmp_path: Path) -> None:
    """The task itself, for a user that every host has; the tasks before it would make one."""
    victim, home = tmp_path / "victim", tmp_path / "home"
    victim.mkdir(mode=0o700)
    home.mkdir()
    os.chown(home, 1, 1)
    (home / "models").symlink_to(victim)
    playbook = tmp_path / "play.yml"
    playbook.write_text(PLAYBOOK)
    definition = {"name": "daemon", "user": "daemon", "uid": 1, "description": "d", "home": str(home)}
    more = {"service_definition": {**definition, "directories": [str(home / "models")]}}
    inventory = tmp_path / "hosts.yml"
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, **more}
    inventory.write_text(yaml.safe_dump({"linux": {"hosts": {"here": here}}}))
    words = [
        "ansible-playbook",
        "-i",
        str(inventory),
        str(playbook),
        "--start-at-task",
        "Create the service's directories",
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "Create the service's directories" in done.stdout, done.stdout + done.stderr
    assert (victim.stat().st_uid, oct(victim.stat().st_mode & 0o777)) == (0, "0o700"), (
        "root gave its own directory away"
    )
    assert done.returncode == 2
    assert f"{home}/models is a link to {victim}" in done.stdout
