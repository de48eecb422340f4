# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What the roles of the web pages write: the same every time, each secret where it belongs and nowhere else."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
import yaml

from tests.unit.roles.render import render

WEBHOOK = "https://hooks.example/secret-path"


@pytest.fixture
def node(tmp_path) -> dict[str, Any]:
    """Return what the inventory says about the management node."""
    return {
        "ansible_host": "10.0.0.1",
        "cluster_lan_subnet": "10.0.0.0/24",
        "cluster_secrets_directory": str(tmp_path),
        "group_names": ["linux", "management"],
        "groups": {"all": ["desk"], "management": ["desk"]},
        "hostvars": {"desk": {"ansible_host": "10.0.0.1"}},
        "inventory_hostname": "desk",
        "__prometheus_rules": {},
        "__haproxy_files": {},
    }


def files(role: str, **values: Any) -> dict[str, str]:
    """Return the files that a role writes, the same each time."""
    first, second = render(role, *[f"__{role}_definition"] * 2, **values)
    assert first == second
    assert first["files_sensitive"] is True
    return {name: str(text) for name, text in first["files"].items()}


MAC = {"group_names": ["macos", "management"], "alertmanager_version": "0.28.1"}


@pytest.mark.parametrize(
    ("values", "holders"),
    [
        pytest.param({}, ["alertmanager.yml"], id="the distribution's"),
        pytest.param({**MAC, "alertmanager_version": "0.25.0"}, ["alertmanager.yml"], id="one that reads no files"),
        pytest.param(MAC, ["webhooks/1"], id="one that reads files"),
    ],
)
def test_addresses_of_webhooks(node, values, holders):
    written = files("alertmanager", **{**node, "alertmanager_webhooks": ["http://a/", WEBHOOK], **values})
    assert [name for name, text in written.items() if WEBHOOK in text] == holders
    (receiver,) = yaml.safe_load(written["alertmanager.yml"])["receivers"]
    assert len(receiver["webhook_configs"]) == 2
    for number, webhook in enumerate(receiver["webhook_configs"]):
        place = webhook.get("url_file", "").removeprefix("/opt/hybrid-ai/etc/alertmanager/")
        assert webhook.get("url") or written[place] == ["http://a/", WEBHOOK][number]


def test_alertmanager_knows_its_password_by_its_hash(node, tmp_path):
    written = files("alertmanager", **node)
    password = (tmp_path / "alertmanager_password").read_text(encoding="utf-8").strip()
    assert list(yaml.safe_load(written["web.yml"])["basic_auth_users"]) == ["alertmanager"]
    assert [name for name, text in written.items() if password in text] == []
    assert (tmp_path / "alertmanager_password").stat().st_mode & 0o777 == 0o600


def test_a_run_makes_a_password_once(node, tmp_path):
    (first,) = render("alertmanager", "__alertmanager_web", **node)
    kept = (tmp_path / "alertmanager_password").read_bytes()
    assert render("alertmanager", "__alertmanager_web", **node) == [first]
    assert (tmp_path / "alertmanager_password").read_bytes() == kept


def test_prometheus_logs_in_to_alertmanager(node, tmp_path):
    written = files("prometheus", **node)
    password = (tmp_path / "alertmanager_password").read_text(encoding="utf-8").strip()
    assert [name for name, text in written.items() if password in text] == ["alertmanager-password"]
    configuration = yaml.safe_load(written["prometheus.yml"])
    jobs = [job for job in configuration["scrape_configs"] if job["job_name"] == "alertmanager"]
    for asked in [*configuration["alerting"]["alertmanagers"], *jobs]:
        assert asked["basic_auth"] == {"username": "alertmanager", "password_file": "alertmanager-password"}


def test_prometheus_sends_samples_only_where_it_is_told_to(node):
    assert "remote_write" not in yaml.safe_load(files("prometheus", **node)["prometheus.yml"])
    login = {"username": "me", "password_file": "remote-write-password"}
    entry = {"url": "https://metrics.example/api/v1/write", "basic_auth": login}
    written = files("prometheus", **node, prometheus_remote_write=[entry], prometheus_remote_write_password="s3cret")
    assert yaml.safe_load(written["prometheus.yml"])["remote_write"] == [entry]
    assert [name for name, text in written.items() if "s3cret" in text] == ["remote-write-password"]


def test_no_page_of_another_origin_is_let_read(node):
    (service,) = render("prometheus", "__prometheus_service", **node)
    assert "--web.cors.origin=^$" in service["arguments"]
    assert "--web.listen-address=127.0.0.1:9090" in service["arguments"]


@pytest.mark.parametrize("given", [None, "one of my own"])
def test_the_front_gets_a_digest_and_the_report_the_place(node, tmp_path, given):
    written = files("haproxy", haproxy_password=given, **node)
    made = tmp_path / "haproxy_password"
    password = given or made.read_text(encoding="utf-8").strip()
    assert made.exists() == (given is None)
    digest = hashlib.sha256(f"admin:{password}".encode()).hexdigest()
    assert written["login-digest"] == f"{digest}\n"
    (report,) = render("haproxy", "__haproxy_report", haproxy_password=given, **node)
    logins = [line for line in report if "password" in line]
    assert {line["url"] for line in logins} == {
        f"http://{name}.olab/-/ready" for name in ("prometheus", "alertmanager")
    }
    titles = [line["title"] for line in logins]
    place = "" if given else f", password in {made}"
    assert titles == [f"login at http://{name}.olab/ as admin{place}" for name in ("prometheus", "alertmanager")]
    for text in [*written.values(), str(report)]:
        assert password not in text
        assert base64.b64encode(f"admin:{password}".encode()).decode() not in text


def test_the_front_alone_has_the_key_of_the_status_page(node, tmp_path):
    assert "status_page" not in files("haproxy", **node)["backend-logins"]
    assert not (tmp_path / "gateway_page_key").exists()
    model = {"name": "small", "source": {"path": "/m"}, "format": "gguf", "backend": "llama_cpp"}
    groups = {**node["groups"], "llama_cpp": ["desk"]}
    written = files("haproxy", **{**node, "groups": groups, "cluster_models": [model]})
    key = (tmp_path / "gateway_page_key").read_text(encoding="utf-8").strip()
    assert [name for name, text in written.items() if key in text] == ["backend-logins"]
    assert f"status_page Bearer {key}\n" in written["backend-logins"]
    (pages,) = render("haproxy", "__haproxy_asked", **{**node, "groups": groups, "cluster_models": [model]})
    assert {page["url"] for page in pages} >= {"http://cluster.olab/"}
