# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the role mlx_lm tells its service, from the table of models."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.unit.roles.render import render

MODEL = {
    "name": "qwen",
    "aliases": ["small"],
    "folder": "org--qwen",
    "backend": "mlx_lm",
    "context": None,
    "parallel": 2,
    "state": "present",
}
REVISION = "c" * 40


@pytest.fixture
def mac() -> dict[str, Any]:
    """Return what a run knows of a Mac with one model."""
    manifest = base64.b64encode(json.dumps({"revision": REVISION}).encode()).decode()
    return {
        "ansible_host": "10.0.0.11",
        "group_names": ["macos", "mlx_lm"],
        "groups": {"all": ["mini1"], "mlx_lm": ["mini1"]},
        "hostvars": {"mini1": {"ansible_host": "10.0.0.11"}},
        "inventory_hostname": "mini1",
        "cluster_models_directory": "/opt/models",
        "cluster_model_api_key": "secret",
        "__cluster_host_models": [MODEL, {**MODEL, "name": "other", "backend": "exo"}],
        "__mlx_lm_front": {"digest": "abc"},
        "__mlx_lm_found": {"content": manifest},
        "__mlx_lm_source": {},
    }


def definition(**values: Any) -> dict[str, Any]:
    """Return the program that the role runs."""
    return render("mlx_lm", "__mlx_lm_definition", **values)[0]


def test_the_service_is_told_of_its_model_alone(mac):
    told = json.loads(definition(**mac)["files"]["front.json"])
    assert (told["name"], told["aliases"], told["folder"], told["parallel"]) == ("qwen", ["small"], "org--qwen", 2)
    assert (told["host"], told["port"], told["context"]) == ("10.0.0.11", 8090, None)
    assert told["prompt_cache_bytes"] == 4 * 1024**3
    assert told["largest_request"] == 16 * 1024**2


def test_everything_it_is_told_is_known_to_the_front(mac):
    import importlib.util
    import sys
    from dataclasses import fields

    path = __file__.replace("tests/unit/roles/test_mlx_lm.py", "roles/mlx_lm/files/mlx_front/settings.py")
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location("mlx_front_settings", path))
    sys.modules["mlx_front_settings"] = module
    module.__spec__.loader.exec_module(module)
    told = json.loads(definition(**mac)["files"]["front.json"])
    assert set(told) <= {field.name for field in fields(module.Settings)}


def test_the_key_is_in_a_file_and_nowhere_else(mac):
    found = definition(**mac)
    assert found["files"].pop("api_key") == "secret\n"
    assert found["files_sensitive"] is True
    assert "secret" not in json.dumps(found)


def test_a_new_revision_is_waited_for_and_is_no_restart(mac):
    first = definition(**mac)
    other = base64.b64encode(json.dumps({"revision": "d" * 40}).encode()).decode()
    second = definition(**{**mac, "__mlx_lm_found": {"content": other}})
    assert first["service"].pop("health")["contains"] == f'"revision": "{REVISION}'
    assert second["service"].pop("health")["contains"] == f'"revision": "{"d" * 40}'
    assert first == second


def test_it_asks_the_internet_for_nothing(mac):
    environment = definition(**mac)["service"]["environment"]
    assert (environment["HF_HUB_OFFLINE"], environment["HF_HUB_DISABLE_TELEMETRY"]) == ("1", "1")


def test_it_is_killed_later_than_it_ends_by_itself(mac):
    found = definition(**mac)
    assert found["service"]["stop_seconds"] > json.loads(found["files"]["front.json"])["stop_seconds"]


def test_the_report_asks_for_an_answer_where_there_is_a_model(mac):
    lines, none = (
        render("mlx_lm", "__mlx_lm_report", **{**mac, "__cluster_host_models": models})[0] for models in ([MODEL], [])
    )
    assert [line["check"] for line in lines] == ["service", "mlx_lm", "model_answers"]
    assert none == []
