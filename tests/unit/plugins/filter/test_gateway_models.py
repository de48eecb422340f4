# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Who answers which name, as the gateway itself reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.filter.gateway_models import FilterModule
from ansible_collections.hybrid_ai.cluster.plugins.filter.service_table import service_table
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._gateway import KEY_FILE
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._models import BACKENDS, model_table

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.kinds import Backend
from tests import yaml_files

DEFAULTS = yaml_files.load(Path(__file__).parents[4] / "roles/cluster_values/defaults/main.yml")
ADDRESSES = {"m": "10.0.0.1", "a": "10.0.0.2", "b": "10.0.0.3"}
GROUPS = {"all": ["m", "a", "b"], "management": ["m"], **{name: ["a", "b"] for name in BACKENDS}}
LOCAL = {**GROUPS, "vllm": ["m"]}


def entry(name: str, backend: str, **more: Any) -> dict[str, Any]:
    source = {"repository": "o/r", "revision": "0" * 40}
    return {"name": name, "backend": backend, "format": BACKENDS[backend].formats[0], "source": source, **more}


def found(*entries: dict[str, Any], groups: Any = None, overrides: Any = None) -> list[dict[str, Any]]:
    groups = groups or GROUPS
    services = service_table(DEFAULTS["cluster_services"], overrides)
    models = model_table(entries, groups)
    result: list[dict[str, Any]] = FilterModule().filters()["gateway_models"](models, groups, services, ADDRESSES, 9)
    return result


def test_a_copy_on_each_host_has_its_own_places() -> None:
    assert found(entry("small", "llama_cpp", aliases=["default"], context=4096, parallel=3)) == [
        {
            "name": "small",
            "aliases": ["default"],
            "context": 4096,
            "slots": 6,
            "queue": 9,
            "members": [
                {
                    "backend": "llama_cpp",
                    "address": f"http://{ip}:8080",
                    "model": "small",
                    "hosts": [host],
                    "key_file": KEY_FILE,
                }
                for host, ip in (("a", "10.0.0.2"), ("b", "10.0.0.3"))
            ],
        }
    ]


def test_a_model_that_is_spread_needs_all_of_its_hosts_wherever_it_is_asked() -> None:
    (model,) = found(entry("large", "exo"))
    needed = [one["hosts"] for one in model["members"]]
    assert len(needed) == len(needed[0]) > 1
    assert needed == [needed[0]] * len(needed)


def test_every_backend_is_one_of_the_gateways_and_has_the_port_of_the_table(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("secret")
    models = found(*(entry(f"of-{name}", name) for name in BACKENDS))
    place = {"host": "127.0.0.1", "port": 1}
    read = routes.read({"listen": [place], "metrics": place, "keys": "k", "usage": "u", "models": models}, tmp_path)
    services = DEFAULTS["cluster_services"]
    assert {
        model.name: {(one.backend, one.address.rsplit(":", 1)[1], one.model, one.key) for one in model.members}
        for model in read.models
    } == {
        f"of-{name}": {
            (
                Backend(name),
                str(services[name]["port"]),
                f"of-{name}",
                None if name in {"exo", "ollama"} else "secret",
            )
        }
        for name in BACKENDS
    }
    assert {model.name for model in read.models if model.slots is None} == {"of-exo", "of-ollama"}


def test_what_is_not_served_has_no_name() -> None:
    assert found(entry("gone", "exo", state="absent"), entry("nowhere", "exo", hosts=[])) == []


def test_a_backend_on_the_loopback_of_the_management_node_is_asked_there() -> None:
    (model,) = found(entry("m", "vllm"), groups=LOCAL, overrides={"vllm": {"from": ["management"], "port": 81}})
    assert [one["address"] for one in model["members"]] == ["http://127.0.0.1:81"]
