# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the roles of backends refuse on a host, a sentence each: one run, in which every host is another mistake."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._models import manifest

from tests import yaml_files
from tests.plays.conftest import FOUND_BY_HOST

if TYPE_CHECKING:
    from collections.abc import Callable

CASES: dict[str, dict[str, Any]] = yaml_files.load(Path(__file__).with_name("model_refusals.yml"))
GGUF = {"format": "gguf", "backend": "llama_cpp"}
MODELS = [
    {"name": "small", "source": {"repository": "org/small", "revision": "1" * 40, "files": ["a.gguf"]}, **GGUF},
    {
        "name": "first",
        "source": {"repository": "org/first", "revision": "2" * 40},
        "format": "safetensors",
        "backend": "mlx_lm",
    },
    {
        "name": "second",
        "source": {"repository": "org/second", "revision": "3" * 40},
        "format": "safetensors",
        "backend": "mlx_lm",
        "hosts": ["two"],
    },
]
# Says what llama-server says where Vulkan finds no card, and where it finds one.
LIST_DEVICES = "#!/bin/sh\necho Available devices:\n"
TASKS = [
    {"ansible.builtin.set_fact": {"found": ""}},
    {"ansible.builtin.set_fact": None, "args": "{{ facts }}", "when": "facts | length > 0"},
    {
        "ansible.builtin.set_fact": {"cacheable": True, "architecture": "{{ architecture }}"},
        "when": "architecture is defined",
    },
    # Hosts that include one role at one task would all get the same of its files.
    *(
        {
            "block": [
                {
                    "ansible.builtin.include_role": {
                        "name": f"hybrid_ai.cluster.{asked.split()[0]}",
                        "tasks_from": asked.split()[1],
                        "rolespec_validate": False,
                    }
                }
            ],
            "rescue": [{"ansible.builtin.set_fact": {"found": "{{ ansible_failed_result.msg }}"}}],
            "when": f"asked == '{asked}'",
        }
        for asked in dict.fromkeys(case["asked"] for case in CASES.values())
    ),
    {
        "ansible.builtin.copy": {
            "dest": "{{ written }}",
            "content": f"{{{{ {FOUND_BY_HOST} | to_json }}}}",
            "mode": "0600",
        },
        "run_once": True,
    },
]


def revision(models: Path, folder: Path, digit: str) -> None:
    """Put a revision of a model into a folder, with its manifest."""
    folder.mkdir(parents=True)
    (folder / "a.gguf").write_bytes(b"x")
    found = manifest.Manifest("org--small", {}, digit * 40, (manifest.File("a.gguf", 1, "0" * 64),))
    manifest.write(models, found)


@pytest.fixture(scope="module")
def sentences(tmp_path_factory: pytest.TempPathFactory, run_play: Callable[..., Any]) -> dict[str, str]:
    """Return what each host was told."""
    place = tmp_path_factory.mktemp("refusals")
    previous = place / "previous"
    revision(previous, previous / ".previous/org--small", "0")
    (previous / ".manifests/org--small.json").replace(previous / ".previous/org--small.json")
    revision(previous, previous / "org--small", "1")
    for name, more in {"blind": "", "sees": "echo '  Vulkan0: AMD Radeon Pro (8192 MiB, 8000 MiB free)'\n"}.items():
        program = place / name / "llama-server"
        program.parent.mkdir()
        program.write_text(LIST_DEVICES + more)
        program.chmod(0o755)
    groups: dict[str, Any] = {}
    for number, (host, case) in enumerate(CASES.items(), start=1):
        for name in case["groups"]:
            groups.setdefault(name, {"hosts": {}})["hosts"][host] = {}
        given = {name: _there(value, place) for name, value in case["given"].items()}
        groups[case["groups"][0]]["hosts"][host] = {
            "ansible_host": f"127.0.3.{number}",
            "asked": case["asked"],
            "facts": {name: _there(value, place) for name, value in case.get("facts", {}).items()},
            **given,
        }
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "ansible_become": False,
        "cluster_directory": str(place / "cluster"),
        "cluster_models_directory": str(place / "models"),
        "cluster_model_store": "riscv",
        "cluster_models": MODELS,
        "cluster_domain": "olab",
        "written": str(place / "found.json"),
    }
    (place / "hosts.yml").write_text(yaml.safe_dump({"all": {"vars": variables, "children": groups}}))
    (place / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": TASKS}]))
    done = run_play(place, place / "play.yml", "-i", str(place / "hosts.yml"))
    assert done.rc == 0, done.text
    found: dict[str, str] = json.loads((place / "found.json").read_text())
    return {host: " ".join(text.replace(str(place), "PLACE").split()) for host, text in found.items()}


def _there(value: Any, place: Path) -> Any:
    return json.loads(json.dumps(value).replace("PLACE", str(place)))


@pytest.mark.parametrize("host", CASES)
def test_a_mistake_is_a_sentence(sentences: dict[str, str], host: str) -> None:
    assert sentences[host] == CASES[host]["sentence"]
