# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the role vllm tells its service, from the table of models."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.unit.roles.render import render

MODEL = {
    "name": "qwen",
    "names": ["qwen", "small"],
    "folder": "org--qwen",
    "backend": "vllm",
    "context": 8192,
    "parallel": 16,
}
KEY = "the-key"


def on_gpu(*names: str, **values: Any) -> list[Any]:
    manifest = base64.b64encode(json.dumps({"revision": "r1"}).encode()).decode()
    known: dict[str, Any] = {
        "ansible_host": "10.0.0.20",
        "group_names": ["linux", "gpu", "vllm"],
        "groups": {"all": ["gpu1"], "vllm": ["gpu1"]},
        "hostvars": {"gpu1": {"ansible_host": "10.0.0.20"}},
        "inventory_hostname": "gpu1",
        "cluster_models_directory": "/opt/models",
        "cluster_model_api_key": KEY,
        "ansible_facts": {},
        "__cluster_host_models": [MODEL, {**MODEL, "name": "other", "backend": "ollama"}],
        "__vllm_found": {"content": manifest},
        "__vllm_source": {},
    }
    return render("vllm", *names, **{**known, **values})


def test_it_serves_the_model_by_its_names() -> None:
    (service,) = on_gpu("__vllm_service")
    arguments = service["arguments"]
    assert arguments[:3] == ["/opt/hybrid-ai/vllm-environment/current/bin/vllm", "serve", "/opt/models/org--qwen"]
    at = arguments.index("--served-model-name")
    assert arguments[at + 1 : at + 3] == ["qwen", "small"]
    for name, value in {
        "--host": "10.0.0.20",
        "--port": "8000",
        "--max-model-len": "8192",
        "--max-num-seqs": "16",
    }.items():
        assert arguments[arguments.index(name) + 1] == value


def test_it_waits_for_the_disk_that_its_model_lies_on() -> None:
    (service,) = on_gpu("__vllm_service")
    assert service["wait_for_paths"] == ["/opt/models/.manifests"]


def test_a_model_without_a_context_has_its_own() -> None:
    (service,) = on_gpu("__vllm_service", __cluster_host_models=[{**MODEL, "context": None}])
    assert "--max-model-len" not in service["arguments"]


def test_the_key_is_only_where_it_is_kept_from_others() -> None:
    (service,) = on_gpu("__vllm_service")
    assert service["secret_environment"] == {"VLLM_API_KEY": KEY}
    assert KEY not in str({name: value for name, value in service.items() if name != "secret_environment"})


def test_nothing_is_fetched_and_nobody_is_told() -> None:
    (service,) = on_gpu("__vllm_service", vllm_environment={"HF_HUB_OFFLINE": "0", "VLLM_LOGGING_LEVEL": "INFO"})
    wanted = {
        "HF_HUB_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "VLLM_LOGGING_LEVEL": "INFO",
    }
    assert wanted.items() <= service["environment"].items()


def test_another_revision_is_another_service() -> None:
    other = {"content": base64.b64encode(b'{"revision": "r2"}').decode()}
    assert on_gpu("__vllm_service") != on_gpu("__vllm_service", __vllm_found=other)


def test_one_of_the_operators_own_needs_no_environment() -> None:
    (definition,) = on_gpu("__vllm_definition", vllm_program="/opt/vllm/bin/vllm")
    assert definition["source"] == {}
    assert definition["service"]["arguments"][0] == "/opt/vllm/bin/vllm"


def test_a_host_without_a_model_has_no_lines() -> None:
    assert on_gpu("__vllm_report", __cluster_host_models=[]) == [[]]
    assert [line["check"] for line in on_gpu("__vllm_report")[0]] == ["service", "http", "model_answers"]
