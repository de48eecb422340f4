# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ansible's own validation of a role's variables shows no secret of the role, whichever variable is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import yaml_files
from tests.site import canaries, leaks

REPOSITORY = Path(__file__).parents[2]
SECRETS = canaries.secret_options()


def specified(role: str) -> dict[str, dict[str, Any]]:
    path = REPOSITORY / "roles" / role / "meta/argument_specs.yml"
    entries = yaml_files.load(path)["argument_specs"].values() if path.exists() else ()
    return {name: option for entry in entries for name, option in (entry.get("options") or {}).items()}


ROLES = sorted({role for role in canaries.applied_roles() if not SECRETS.keys().isdisjoint(specified(role))})


def another_is_wrong(role: str) -> dict[str, Any]:
    """Return a value that Ansible refuses, of a variable that is not secret."""
    kinds = {name: option["type"] for name, option in specified(role).items() if name not in SECRETS}
    return {next(name for name, kind in kinds.items() if kind in {"int", "bool", "dict"}): "no such value"}


def a_secret_is_wrong(role: str) -> dict[str, Any]:
    """Return a secret that is text where it should be something else."""
    names = SECRETS.keys() & specified(role)
    return {name: [canaries.MARK] if SECRETS[name]["type"] == "list" else canaries.MARK for name in names}


@pytest.mark.parametrize("wrong", [another_is_wrong, a_secret_is_wrong], ids=lambda function: function.__name__)
def test_no_secret_is_shown(tmp_path: Path, wrong: Any) -> None:
    values, _ = canaries.values()
    values["macos_headless_filevault_password"] = f"{canaries.MARK}-filevault"
    hosts = {role: {"ansible_connection": "local", **wrong(role)} for role in ROLES}
    (tmp_path / "hosts.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": values}}))
    tasks = [
        {"import_role": {"name": f"hybrid_ai.cluster.{role}"}, "when": f"inventory_hostname == '{role}'"}
        for role in ROLES
    ]
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg"),
        "ANSIBLE_CALLBACK_PLUGINS": str(REPOSITORY / "tests/site/callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "dump_results",
        "DUMP_RESULTS": str(tmp_path / "results"),
    }
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    # Validation only: nothing of a role that passed it is for this machine.
    words = ["-i", str(tmp_path / "hosts.yml"), "-vvv", "--tags", "nothing-but-validation", str(tmp_path / "play.yml")]
    done = subprocess.run(
        [program, *words], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    results = (tmp_path / "results").read_text()
    assert "Validating arguments" in done.stdout
    assert wrong is a_secret_is_wrong or done.stdout.count("Validation of arguments failed") >= len(ROLES)
    for text in (done.stdout, done.stderr, results):
        assert leaks.in_text(text, canaries.patterns()) == []
