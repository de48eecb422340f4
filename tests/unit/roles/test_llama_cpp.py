# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""llama.cpp as the role describes it: where it comes from, how it is started, and what the report asks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._llama_cpp import router
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _llama_cpp_cuda

from tests.llama_server import ROLES, split
from tests.unit.roles.render import render

ARCHIVE = {
    "url": "http://x.example/llama-b11434-bin-ubuntu-x64.tar.gz",
    "checksum": "sha256:1",
    "minimum_glibc": "2.35",
}
GROUPS = {"all": ["gpu1", "gpu2", "mini1"], "llama_cpp": ["gpu1", "gpu2", "mini1"]}
ADDRESSES = {"gpu1": "10.0.0.1", "gpu2": "10.0.0.2", "mini1": "10.0.0.3"}
KEY = "the-key"


def on(host: str, *names: str, **values: Any) -> list[Any]:
    platform = "macos" if host.startswith("mini") else "linux"
    workers = values.pop("workers", {})
    hostvars = {
        name: {"ansible_host": address, "llama_cpp_rpc_workers": workers.get(name, [])}
        for name, address in ADDRESSES.items()
    }
    known: dict[str, Any] = {
        "inventory_hostname": host,
        "ansible_host": ADDRESSES[host],
        "group_names": [platform, "llama_cpp"],
        "groups": GROUPS,
        "hostvars": hostvars,
        "ansible_facts": {"architecture": "arm64" if platform == "macos" else "x86_64"},
        "__llama_cpp_keeper": {"digest": "1"},
        "__llama_cpp_libc_said": {"stdout": "glibc 2.36"},
        "cluster_experimental": [],
        "cluster_model_api_key": KEY,
        "llama_cpp_rpc_workers": workers.get(host, []),
        "__cluster_host_models": [
            {"name": "qwen", "backend": "llama_cpp"},
            {"name": "other", "backend": "mlx_lm"},
        ],
    }
    return render("llama_cpp", *names, **{**known, **values})


@pytest.mark.parametrize(
    ("host", "values", "way", "program"),
    [
        ("gpu1", {}, "source", "/opt/hybrid-ai/programs/llama-cpp/current/llama-server"),
        ("mini1", {}, "homebrew", "/opt/homebrew/bin/llama-server"),
        (
            "gpu1",
            {"llama_cpp_releases": {"b11434": {"linux-amd64": ARCHIVE}}},
            "archive",
            "/opt/hybrid-ai/programs/llama-cpp/current/llama-server",
        ),
    ],
)
def test_where_it_comes_from(host: str, values: dict[str, Any], way: str, program: str) -> None:
    chosen, definition = on(host, "__llama_cpp_chosen", "__llama_cpp_definition", **values)
    assert chosen["way"] == way
    assert split(definition["service"]["arguments"])[1][0] == program
    source = definition["source"]
    if way == "source":
        assert source["version"].startswith("b11434-built-")
        assert source["archive"] == f"/opt/hybrid-ai/releases/llama-{source['version']}-linux-amd64.tar.gz"
    elif way == "archive":
        assert source["releases"] == {"b11434": {"linux-amd64": ARCHIVE}}
    else:
        assert source == {"formula": "llama.cpp"}


def test_other_options_are_another_version() -> None:
    first, second = (
        on("gpu1", "__llama_cpp_built_version", llama_cpp_build_options=options)[0]
        for options in ([], ["-DGGML_CUDA=ON"])
    )
    assert first != second


def test_the_key_is_only_where_it_is_kept_from_others() -> None:
    (service,) = on("gpu1", "__llama_cpp_service")
    assert service["secret_environment"] == {"LLAMA_API_KEY": KEY}
    assert KEY not in str({name: value for name, value in service.items() if name != "secret_environment"})


def test_nothing_is_turned_on_that_gives_more_than_answers() -> None:
    (service,) = on("gpu1", "__llama_cpp_service")
    arguments = split(service["arguments"])[1]
    assert {"--no-ui", "--no-slots", "--offline", "--metrics"} <= set(arguments)
    assert arguments[arguments.index("--host") + 1] == "10.0.0.1,127.0.0.1"
    assert arguments[arguments.index("--cors-origins") + 1] == "localhost"
    assert not {"--tools", "--agent", "--ui-mcp-proxy", "--rpc", "--sleep-idle-seconds"} & set(arguments)
    assert service["environment"]["MODEL_ENDPOINT"] == "http://127.0.0.1:9/"


def test_the_report_asks_each_model() -> None:
    (lines,) = on("gpu1", "__llama_cpp_report")
    assert [line["check"] for line in lines] == ["service", "http", "llama_cpp_rest", "model_answers"]
    asked = lines[3]
    assert (asked["model"], asked["password"], asked["url"]) == ("qwen", "models", "http://127.0.0.1:8080")
    assert {line["capability"] for line in lines} == {"llama_cpp"}


def test_a_host_that_borrows_memory_and_one_that_lends_it() -> None:
    workers = {"gpu1": ["gpu2"]}
    service, lines = on("gpu1", "__llama_cpp_service", "__llama_cpp_report", workers=workers)
    assert service["arguments"][-2:] == ["--rpc", "10.0.0.2:50052"]
    (probed,) = (line for line in lines if line["check"] == "tcp_port")
    assert (probed["address"], probed["port"]) == ("10.0.0.2", 50052)
    lends, worker, lines = on(
        "gpu2", "__llama_cpp_is_worker", "__llama_cpp_worker_service", "__llama_cpp_report", workers=workers
    )
    assert lends
    assert worker["arguments"][1:] == ["--host", "10.0.0.2", "--port", "50052"]
    assert [line["name"] for line in lines if line["check"] == "service"] == ["llama-cpp", "llama-cpp-rpc"]
    assert not on("mini1", "__llama_cpp_is_worker", workers=workers)[0]


def test_what_is_removed_needs_no_facts() -> None:
    for host, brewed in (("gpu1", False), ("mini1", True)):
        (removal,) = on(host, "__llama_cpp_removal", ansible_facts={})
        assert ("formula" in removal["source"]) is brewed
        assert (removal["service"]["name"], removal["service"]["home"]) == ("llama-cpp", "/opt/hybrid-ai/llama-cpp")


@pytest.mark.parametrize(("host", "seconds"), [("gpu1", 20), ("mini1", 80)])
def test_a_model_has_time_to_let_go_before_anything_is_killed(host: str, seconds: int) -> None:
    model = {"name": "a", "path": "/a.gguf", "revision": "r1"}
    service, preset = on(host, "__llama_cpp_service", "__llama_cpp_preset", __llama_cpp_found={"models": [model]})
    assert f"stop-timeout = {seconds}\n" in preset["text"]
    assert int(service["stop_seconds"]) > seconds + 30
    # A reload waits as long.
    assert seconds < router.REQUEST_SECONDS


def test_what_runs_the_router_reads_the_file_of_models_and_gives_it_its_own() -> None:
    (service,) = on("gpu1", "__llama_cpp_service")
    keeper, program = split(service["arguments"])
    assert keeper[keeper.index("--models") + 1] == "/opt/hybrid-ai/etc/llama-cpp/models.ini"
    shown = f"{keeper[keeper.index('--home') + 1]}/models.ini"
    assert program[program.index("--models-preset") + 1] == shown
    assert shown.startswith(service["home"])


@pytest.mark.parametrize(("models", "waits"), [({}, ["/opt/models/.manifests"]), ({"__cluster_host_models": []}, [])])
def test_it_waits_for_the_disk_that_its_models_lie_on(models: dict[str, Any], waits: list[str]) -> None:
    (service,) = on("gpu1", "__llama_cpp_service", cluster_models_directory="/opt/models", **models)
    assert service["wait_for_paths"] == waits


@pytest.mark.parametrize(
    ("host", "platform"), [("gpu1", "linux-amd64-vulkan"), ("mini1", "darwin-arm64")], ids=["Linux", "a Mac"]
)
def test_vulkan_is_for_linux(host: str, platform: str) -> None:
    experiments = ["llama_cpp_vulkan"]
    release = {"b11434": {"linux-amd64-vulkan": ARCHIVE, "darwin-arm64": ARCHIVE}}
    found, chosen = on(
        host,
        "__llama_cpp_platform",
        "__llama_cpp_chosen",
        cluster_experimental=experiments,
        llama_cpp_releases=release,
    )
    assert (found, chosen["way"]) == (platform, "archive")


def test_nobody_asks_for_the_slots_which_would_wake_a_sleeping_model() -> None:
    roots = [ROLES, ROLES.parent / "plugins"]
    texts = [path for root in roots for path in root.rglob("*") if path.suffix in {".py", ".yml", ".j2"}]
    assert len(texts) > 300
    assert [str(path) for path in texts if re.search(r"(?<!-)/slots\b", path.read_text(encoding="utf-8"))] == []


CARDS = {"cards": [{"address": "0000:01:00.0", "capability": "9.0", "computes": True}], "driver_version": "580.65.06"}


def on_cards(*names: str, **values: Any) -> list[Any]:
    facts = {"architecture": "x86_64", "hybrid_ai_nvidia": CARDS}
    known = {"group_names": ["linux", "gpu", "llama_cpp"], "ansible_facts": facts}
    return on("gpu1", *names, **{**known, "__llama_cpp_libc_said": {"stdout": "glibc 2.41"}, **values})


def test_a_host_with_a_card_gets_the_archive_for_it() -> None:
    source, service = on_cards("__llama_cpp_definition", "__llama_cpp_service", llama_cpp_cards=["0000:01:00.0"])
    assert source["source"]["version"] == "b11429-cuda-13.4"
    release = source["source"]["releases"]["b11429-cuda-13.4"]["linux-amd64"]
    assert [more["url"].rpartition("/")[2] for more in release["more"]] == [
        "cudart-llama-b11429-bin-ubuntu-cuda-13.4-x64.tar.gz"
    ]
    assert service["environment"]["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
    assert service["environment"]["CUDA_VISIBLE_DEVICES"] == "0"


def test_an_old_system_builds_for_its_card() -> None:
    (source,) = on_cards("__llama_cpp_definition", __llama_cpp_libc_said={"stdout": "glibc 2.36"})
    assert source["source"]["version"].startswith("b11434-cuda-sm90-built-")


def test_what_uses_the_cards_stays_in_a_run_that_knows_nothing_of_them() -> None:
    current = {"stat": {"lnk_target": "b11429-cuda-13.4"}}
    facts = {"architecture": "x86_64"}
    (definition,) = on_cards("__llama_cpp_definition", ansible_facts=facts, __llama_cpp_current=current)
    assert definition["source"]["version"] == "b11429-cuda-13.4"


def test_the_report_of_a_host_with_cards_looks_where_its_models_are() -> None:
    models = [{"name": "qwen", "folder": "org--qwen", "backend": "llama_cpp"}]
    (lines,) = on_cards("__llama_cpp_report", __cluster_host_models=models)
    (line,) = [line for line in lines if line["check"] == "model_on_card"]
    assert (line["model"], line["folder"], line["required"]) == ("qwen", "org--qwen", True)
    (lines,) = on_cards("__llama_cpp_report", __cluster_host_models=models, llama_cpp_cuda=False)
    assert [line["required"] for line in lines if line["check"] == "model_on_card"] == [False]


def test_a_removal_knows_every_package_that_a_build_brings() -> None:
    (packages,) = on("gpu1", "__llama_cpp_cuda_packages")
    assert sorted(packages) == sorted(_llama_cpp_cuda.packages())
