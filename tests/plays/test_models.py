# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What a run knows of the table of models: each host's own, who fetches them, and the table at the end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import yaml

from tests.plays.conftest import FOUND_BY_HOST, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MODELS = str(REPOSITORY / "tests/inventories/good/models.yml")
HERE = [
    "-i",
    MODELS,
    *("-e", "ansible_connection=local"),
    *("-e", f"ansible_python_interpreter={sys.executable}"),
    *("-e", "ansible_become=false"),
]
FOUND = {
    "models": "{{ __cluster_host_models | map(attribute='name') }}",
    "store": "{{ __cluster_model_store }}",
    "checks": "{{ __cluster_model_file_checks | map(attribute='folder') }}",
    "directory": "{{ cluster_models_directory }}",
}


def test_each_host_knows_its_models(play: Callable, tmp_path: Path) -> None:
    written = tmp_path / "found.json"
    tasks = [
        {"ansible.builtin.import_role": {"name": "hybrid_ai.cluster.cluster_values"}},
        {"ansible.builtin.set_fact": {"found": FOUND}},
        {
            "ansible.builtin.copy": {
                "dest": str(written),
                "content": f"{{{{ {FOUND_BY_HOST} | to_json }}}}",
                "mode": "0600",
            },
            "run_once": True,
        },
    ]
    playbook = tmp_path / "models.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    done = play(playbook, *HERE)
    assert done.rc == 0, done.text
    found = json.loads(written.read_text())
    assert {host: one["models"] for host, one in found.items()} == {
        "olab0": [],
        "olab1": ["tuned", "llama"],
        "olab2": ["qwen", "llama"],
        "olab3": ["llama"],
        "gpu1": ["qwen", "qwen:q8", "parts", "mirrored"],
    }
    assert {one["store"] for one in found.values()} == {"gpu1"}
    assert len(found["gpu1"]["checks"]) == 4
    assert found["olab3"]["checks"] == ["mlx-community--Llama-3.3-70B-Instruct-4bit"]
    assert {one["directory"] for one in found.values()} == {"/opt/hybrid-ai/models", "/Volumes/models"}


def test_a_run_ends_with_the_table(play: Callable, tmp_path: Path) -> None:
    done = play("playbooks/verify.yml", *HERE, "-e", f"cluster_secrets_directory={tmp_path}/.secrets")
    assert done.rc == 0, done.text
    lines = done.text.partition("\nMODELS ")[2].splitlines()[1:]
    assert lines[0].split() == ["model", "backend", "hosts", "format", "revision", "on", "disk", "memory", "state"]
    assert "  3 hosts: 22 GB do not fit on 2, which have room for 21.3 GB" in lines
    # Nobody has asked them anything here; what is to be removed is served by nobody.
    words = {line.split()[0].rstrip(","): line for line in lines[1:] if line and not line.startswith(" ")}
    assert words["mirrored"].endswith("not asked")
    assert words["qwen-old"].endswith("absent")
