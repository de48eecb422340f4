# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the role of the gateway writes: where it listens, whom it asks, and each secret where it belongs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import Any

import pytest

from hybrid_cluster.gateway import routes
from hybrid_cluster.gateway.page.settings import PageSettings
from tests.unit.gateway.paged import content
from tests.unit.roles.render import REPOSITORY, render

KEY = "k" * 40
TRY = """\
import json, sys

class Nothing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"ansible", "jinja2", "rich", "typer", "yaml"}:
            raise ImportError(f"{name} is not there")

sys.meta_path.insert(0, Nothing())
sys.path.insert(0, ".")
from hybrid_cluster.gateway.page.subjects import subjects

found = {one.name: one.collect({"groups": [], "models": []}) for one in subjects(json.load(open("cluster.json")))}
cables = [cable for network in found.pop("topology")["networks"] for cable in network["cables"]]
print(json.dumps({name: len(value["hosts"]) for name, value in found.items()} | {"topology": len(cables)}))
"""


@pytest.fixture
def node(tmp_path) -> dict[str, Any]:
    """Return what the inventory says about the management node."""
    groups = {"all": ["desk", "gpu"], "management": ["desk"], "llama_cpp": ["gpu"], "ollama": ["gpu"]}
    return {
        "ansible_host": "10.0.0.1",
        "cluster_lan_subnet": "10.0.0.0/24",
        "cluster_model_api_key": KEY,
        "cluster_secrets_directory": str(tmp_path),
        "group_names": ["linux", "management"],
        "groups": groups,
        "hostvars": {"desk": {"ansible_host": "10.0.0.1"}, "gpu": {"ansible_host": "10.0.0.2"}},
        "inventory_hostname": "desk",
        "cluster_models": [entry("small", "llama_cpp"), entry("large", "ollama")],
        "__gateway_source": {"digest": "d"},
        "__gateway_front_files": {"haproxy.cfg": "c"},
        "__gateway_cluster": content(),
    }


def entry(name: str, backend: str) -> dict[str, Any]:
    return {"name": name, "source": {"path": "/m"}, "format": "gguf", "backend": backend}


def definition(node, **values: Any) -> dict[str, Any]:
    first, second = render("gateway", *["__gateway_files"] * 2, **{**node, **values})
    assert first == second
    return {name: str(text) for name, text in first.items()}


def test_the_gateway_reads_what_is_written_for_it(node, tmp_path):
    for name, text in definition(node).items():
        (tmp_path / name).write_text(text)
    assert {path.name for path in tmp_path.iterdir()} == {"gateway.json", "cluster.json", "model-api-key"}
    read = routes.load(tmp_path / "gateway.json")
    assert [(one.host, one.port) for one in (*read.listen, read.metrics)] == [("127.0.0.1", 8101), ("127.0.0.1", 8102)]
    assert {model.name: [(one.address, one.key) for one in model.members] for model in read.models} == {
        "small": [("http://10.0.0.2:8080", KEY)],
        "large": [("http://10.0.0.2:11434", None)],
    }
    assert (read.body_bytes, read.bodies_bytes) == (64 << 20, 512 << 20)
    assert read.page == PageSettings("127.0.0.1", 8104, "web-front", content())


def test_a_key_that_no_backend_asks_for_is_not_on_the_host(node):
    written = definition(node, cluster_models=[entry("large", "ollama")])
    assert set(written) == {"gateway.json", "cluster.json"}
    assert KEY not in definition(node)["gateway.json"]


def test_nobody_could_log_in_to_a_page_without_the_web_front(node):
    written = definition(node, cluster_web_front=False)
    assert "cluster.json" not in written
    assert "page" not in json.loads(written["gateway.json"])


def test_the_page_works_with_what_the_role_lays_down_and_without_ansible(tmp_path):
    """What the page is collected with is the controller's own code, on a host that has no Ansible and no Rich."""
    (names,) = render("gateway", "__gateway_shared_code")
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name.removeprefix("ansible_collections/hybrid_ai/cluster/"), tmp_path / name)
    shutil.copytree(REPOSITORY / "src/hybrid_cluster", tmp_path / "hybrid_cluster")
    (tmp_path / "cluster.json").write_text(json.dumps(content()))
    (tmp_path / "try.py").write_text(TRY)
    done = subprocess.run([sys.executable, "try.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {"status": 5, "topology": 2, "energy": 5}


def test_all_requests_together_have_room_for_the_largest(node):
    found = json.loads(definition(node, gateway_largest_request_megabytes=600)["gateway.json"])
    assert found["bodies_bytes"] == found["body_bytes"] == 600 << 20


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"cluster_gateway": False}, id="not wanted"),
        pytest.param({"cluster_models": []}, id="no model"),
        pytest.param({"gateway_state": "absent"}, id="removed"),
    ],
)
def test_what_is_not_there_has_no_lines(node, values):
    assert render("gateway", "__gateway_report", **{**node, **values}) == [[]]


def test_a_table_without_a_model_ends_no_key_and_a_removal_does(node):
    assert render("gateway", "__gateway_account", **node)[0]["keep"] == ["/opt/hybrid-ai/gateway/state"]
    assert render("gateway", "__gateway_account", **node, gateway_state="absent")[0]["keep"] == []


def test_the_report_says_what_to_type_and_where_the_key_is(node):
    (lines,) = render("gateway", "__gateway_report", **node)
    (models,) = [line for line in lines if line["check"] == "gateway_models"]
    assert (
        models["title"]
        == f"models at http://models.olab:8100/v1, key in {node['cluster_secrets_directory']}/gateway_key"
    )
    assert models["models"] == ["small", "large"]
    (lines,) = render("gateway", "__gateway_report", **node, gateway_certificate="PEM")
    assert [line["url"] for line in lines if line["check"] == "http"] == ["https://models.olab:8100/"]


def test_haproxy_passes_requests_on_only_where_it_is_wanted(node, tmp_path):
    (before,) = render("gateway", "__gateway_front_definition", **node)
    assert "-db" in before["service"]["arguments"]
    assert "reload" not in before["service"]
    assert "files_stamp" not in before
    assert "front" not in json.loads(definition(node)["gateway.json"])
    wanted = {**node, "gateway_direct": True}
    (after,) = render("gateway", "__gateway_front_definition", **wanted)
    sockets = "/opt/hybrid-ai/gateway-sockets/master"
    assert f"{sockets},mode,660" in after["service"]["arguments"]
    assert after["service"]["reload"]["signal"] == "USR2"
    for name, text in definition(wanted).items():
        (tmp_path / name).write_text(text)
    read = routes.load(tmp_path / "gateway.json")
    assert str(read.front) == sockets
    # Ollama's answers need a change.
    assert {model.name: model.direct for model in read.models} == {"small": "direct_0", "large": None}


def test_a_model_on_two_hosts_is_the_gateways(node):
    node["groups"]["llama_cpp"] = ["desk", "gpu"]
    two = {**entry("small", "llama_cpp"), "hosts": ["desk", "gpu"]}
    (models,) = render("gateway", "__gateway_models", **{**node, "cluster_models": [two], "gateway_direct": True})
    assert [len(model["members"]) for model in models] == [2]
    assert "direct" not in models[0]
