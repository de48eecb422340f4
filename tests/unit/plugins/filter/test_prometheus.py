# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Targets, expectations and alerts from the inventory."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.filter.prometheus import FilterModule

FILTERS = FilterModule().filters()
GROUPS = {"all": ["a", "b"], "macos": ["b"], "linux": ["a"], "exo": ["b"], "empty": []}
ADDRESSES = {"a": "10.0.0.1", "b": "10.0.0.2"}
ALERTS = (Path(__file__).parents[4] / "roles/prometheus/files/alerts.yml").read_text()


def entry(group, metrics="/metrics", port=1):
    return {"group": group, "metrics": metrics, "port": port}


@pytest.mark.parametrize(
    ("table", "jobs"),
    [
        pytest.param({"x": entry("all")}, {"x": [("a", "10.0.0.1:1"), ("b", "10.0.0.2:1")]}, id="every host"),
        pytest.param({"x": entry("all", metrics=None)}, {}, id="no metrics"),
        pytest.param({"x": entry("empty"), "y": entry("missing")}, {}, id="no hosts"),
        pytest.param(
            {"x": entry("exo"), "y": entry("linux", port=2)},
            {"x": [("b", "10.0.0.2:1")], "y": [("a", "10.0.0.1:2")]},
            id="two jobs",
        ),
    ],
)
def test_targets(table, jobs):
    made = FILTERS["prometheus_scrape_configs"](table, GROUPS, ADDRESSES)
    assert {
        job["job_name"]: [(target["labels"]["instance"], *target["targets"]) for target in job["static_configs"]]
        for job in made
    } == jobs


def test_a_target_for_the_management_node_alone_is_asked_at_its_loopback():
    table = {"x": {**entry("linux"), "from": ["management"]}}
    (job,) = FILTERS["prometheus_scrape_configs"](table, {**GROUPS, "management": ["a"]}, ADDRESSES)
    assert job["static_configs"] == [{"targets": ["127.0.0.1:1"], "labels": {"instance": "a"}}]


def test_a_target_with_a_login():
    login = {"username": "me", "password_file": "there"}
    jobs = FILTERS["prometheus_scrape_configs"]({"x": entry("all"), "y": entry("all")}, GROUPS, ADDRESSES, {"y": login})
    assert [job.get("basic_auth") for job in jobs] == [None, login]


MODELS = [
    {"name": "small", "backend": "x", "state": "present", "hosts": ["a", "b"]},
    {"name": "large", "backend": "x", "state": "present", "hosts": ["b"]},
    {"name": "gone", "backend": "x", "state": "absent", "hosts": ["a"]},
    {"name": "other", "backend": "y", "state": "present", "hosts": ["a"]},
]


def test_a_service_that_is_asked_about_each_of_its_models():
    table = {"x": {**entry("all"), "metrics_models": True, "metrics_key": "key", "metrics_params": {"wake": "no"}}}
    (job,) = FILTERS["prometheus_scrape_configs"](table, GROUPS, ADDRESSES, None, MODELS)
    assert job == {
        "job_name": "x",
        "metrics_path": "/metrics",
        "params": {"wake": ["no"]},
        "authorization": {"type": "Bearer", "credentials_file": "key"},
        "static_configs": [
            {"targets": [target], "labels": {"instance": host, "model": model, "__param_model": model}}
            for host, target, model in (
                ("a", "10.0.0.1:1", "small"),
                ("b", "10.0.0.2:1", "small"),
                ("b", "10.0.0.2:1", "large"),
            )
        ],
    }


def test_a_service_without_models_is_no_job():
    table = {"x": {**entry("all"), "metrics_models": True}}
    assert FILTERS["prometheus_scrape_configs"](table, GROUPS, ADDRESSES) == []


def test_targets_for_another_prometheus():
    table = {
        "x": {**entry("all"), "metrics_models": True, "metrics_key": "key", "metrics_params": {"wake": "no"}},
        "y": entry("macos", "/page", 2),
        "near": {**entry("linux"), "from": ["management"]},
    }
    groups = {**GROUPS, "management": ["a"]}
    jobs = FILTERS["prometheus_scrape_configs"](table, groups, ADDRESSES, None, MODELS[1:2])
    assert FILTERS["prometheus_discovery"](jobs) == [
        {
            "targets": ["10.0.0.2:1"],
            "labels": {
                "job": "x",
                "__metrics_path__": "/metrics",
                "__param_wake": "no",
                "__param_model": "large",
                "instance": "b",
                "model": "large",
            },
        },
        {"targets": ["10.0.0.2:2"], "labels": {"job": "y", "__metrics_path__": "/page", "instance": "b"}},
    ]


def test_expectations():
    (group,) = FILTERS["prometheus_inventory_rules"](
        GROUPS, [{"a": 1, "b": 2}, {"a": 3, "external": "laptop"}], ["b"], ["c"]
    )["groups"]
    seen = {(rule["record"], *sorted(rule.get("labels", {}).values())) for rule in group["rules"]}
    assert seen == {
        ("cluster:host:info", "a", "linux"),
        ("cluster:host:info", "b", "macos"),
        ("cluster:mac_workstation:info", "b"),
        ("cluster:mac_filevault_allowed:info", "c"),
        ("cluster:thunderbolt_cable:expected", "1", "a", "b"),
        ("cluster:thunderbolt_cable:expected", "2", "a", "b"),
        ("cluster:exo_nodes:expected",),
    }


def test_without_exo_no_nodes_are_expected():
    (group,) = FILTERS["prometheus_inventory_rules"]({"linux": ["a"]}, [])["groups"]
    assert [rule["record"] for rule in group["rules"]] == ["cluster:host:info"]


def rules(document):
    return {rule["alert"]: rule for group in document["groups"] for rule in group["rules"]}


def test_alerts_as_they_are():
    assert FILTERS["prometheus_alerts"](ALERTS) == yaml.safe_load(ALERTS)


def test_one_delay_for_all():
    assert {rule["for"] for rule in rules(FILTERS["prometheus_alerts"](ALERTS, "5s")).values()} == {"5s"}


def test_alerts_that_are_not_wanted():
    made = rules(FILTERS["prometheus_alerts"](ALERTS, None, ["FileVaultOn"]))
    assert set(rules(yaml.safe_load(ALERTS))) - set(made) == {"FileVaultOn"}


@pytest.mark.parametrize(
    ("text", "absent", "sentence"),
    [
        (ALERTS, ["FileVault"], "prometheus_alerts_off names FileVault, which no rule is called"),
        ("groups: 1", [], "not a mapping with groups of alerts"),
    ],
)
def test_a_mistake_is_a_sentence(text, absent, sentence):
    with pytest.raises(AnsibleFilterError, match=sentence):
        FILTERS["prometheus_alerts"](text, None, absent)


@pytest.mark.parametrize("rule", rules(yaml.safe_load(ALERTS)).values(), ids=lambda rule: rule["alert"])
def test_every_alert_says_what_and_what_to_do(rule):
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["action"].endswith(".")
    assert "for" in rule
