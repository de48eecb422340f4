# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Ollama as the role describes it: without its cloud, over a store of root's, on the cards that are named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.roles.render import render

CARDS = {"cards": [{"address": "0000:01:00.0", "computes": True}, {"address": "0000:41:00.0", "computes": True}]}


def on(platform: str, *names: str, **values: Any) -> list[Any]:
    known: dict[str, Any] = {
        "ansible_host": "10.0.0.20",
        "group_names": [platform, "ollama"],
        "groups": {"all": ["host"], "ollama": ["host"]},
        "hostvars": {"host": {"ansible_host": "10.0.0.20"}},
        "inventory_hostname": "host",
        "cluster_models_directory": "/srv/models",
        "ansible_facts": {},
        "__cluster_host_models": [{"name": "small", "backend": "ollama"}, {"name": "other", "backend": "llama_cpp"}],
    }
    return render("ollama", *names, **{**known, **values})


def test_its_store_is_on_the_file_system_of_the_models() -> None:
    (service,) = on("linux", "__ollama_service")
    wanted = {
        "OLLAMA_HOST": "10.0.0.20:11434",
        "OLLAMA_MODELS": "/srv/models/.ollama",
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_KEEP_ALIVE": "-1",
    }
    assert wanted.items() <= service["environment"].items()
    assert service["arguments"] == ["/opt/hybrid-ai/programs/ollama/current/bin/ollama", "serve"]


@pytest.mark.parametrize(("models", "waits"), [({}, ["/srv/models/.manifests"]), ({"__cluster_host_models": []}, [])])
def test_it_waits_for_the_disk_that_its_models_lie_on(models: dict[str, Any], waits: list[str]) -> None:
    (service,) = on("linux", "__ollama_service", **models)
    assert service["wait_for_paths"] == waits


def test_a_mac_has_the_program_without_a_folder() -> None:
    (service,) = on("macos", "__ollama_service")
    assert service["arguments"] == ["/opt/hybrid-ai/programs/ollama/current/ollama", "serve"]
    assert not [name for name in service["environment"] if name.startswith("CUDA")]


@pytest.mark.parametrize(("cards", "visible"), [(None, None), (["0000:41:00.0"], "1")])
def test_a_host_with_cards_numbers_them_by_the_bus(cards: list[str] | None, visible: str | None) -> None:
    facts, groups = {"hybrid_ai_nvidia": CARDS}, ["linux", "gpu", "ollama"]
    (service,) = on("linux", "__ollama_service", group_names=groups, ansible_facts=facts, ollama_cards=cards)
    assert service["environment"]["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert service["environment"].get("CUDA_VISIBLE_DEVICES") == visible


@pytest.mark.parametrize(("groups", "required"), [(["linux"], False), (["linux", "gpu"], True)])
def test_the_report_asks_each_model_and_where_it_is(groups: list[str], required: bool) -> None:
    (lines,) = on("linux", "__ollama_report", group_names=[*groups, "ollama"])
    assert [line["check"] for line in lines] == ["service", "http", "model_answers", "model_on_card"]
    assert [line["model"] for line in lines[2:]] == ["small", "small"]
    assert "password" not in lines[2]
    assert lines[3]["required"] is required


def test_what_the_role_sets_is_found_in_a_persons_own_environment() -> None:
    values = {"ollama_environment": {"OLLAMA_NO_CLOUD": "0", "OLLAMA_MAX_QUEUE": "8"}}
    assert on("linux", "__ollama_taken", **values) == [["OLLAMA_NO_CLOUD"]]


def test_a_persons_own_environment_does_not_hold_over_the_roles() -> None:
    (service,) = on("linux", "__ollama_service", ollama_environment={"OLLAMA_NO_CLOUD": "0", "OLLAMA_MAX_QUEUE": "8"})
    assert (service["environment"]["OLLAMA_NO_CLOUD"], service["environment"]["OLLAMA_MAX_QUEUE"]) == ("1", "8")
