# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What Prometheus asks and expects, derived from the service table and the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._cables import EXTERNAL
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


LOOPBACK = "127."


class PrometheusError(Exception):
    """A rule file or a target is not usable as written."""


def scrape_configs(
    table: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    addresses: Mapping[str, str],
    logins: Mapping[str, Mapping[str, str]] | None = None,
    models: Sequence[Mapping[str, Any]] = (),
) -> list[dict[str, Any]]:
    """Return one job for every service that has metrics and a host; an instance is called as its host is.

    `models` is the table of models with every key, for services that are asked about each of theirs.
    """
    jobs = []
    for name, entry in table.items():
        hosts = groups.get(entry["group"], [])
        if not entry["metrics"] or not hosts:
            continue
        targets = [
            {
                "targets": [f"{service_address(entry, groups, addresses[host])}:{entry['port']}"],
                "labels": {"instance": host, **labels},
            }
            for host in sorted(hosts)
            for labels in (_model_labels(name, host, models) if entry.get("metrics_models") else [{}])
        ]
        if not targets:
            continue
        job: dict[str, Any] = {"job_name": name, "metrics_path": entry["metrics"]}
        if entry.get("metrics_params"):
            job["params"] = {key: [value] for key, value in entry["metrics_params"].items()}
        if entry.get("metrics_key"):
            job["authorization"] = {"type": "Bearer", "credentials_file": entry["metrics_key"]}
        if logins and name in logins:
            job["basic_auth"] = dict(logins[name])
        jobs.append({**job, "static_configs": targets})
    return jobs


def discovered(jobs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the targets of some jobs as a file for the discovery of another Prometheus.

    Paths and parameters go along as labels that Prometheus obeys. Left out is what only the management node reaches.
    """
    found = []
    for job in jobs:
        parameters = {f"__param_{name}": str(values[0]) for name, values in (job.get("params") or {}).items()}
        labels = {"job": job["job_name"], "__metrics_path__": job["metrics_path"], **parameters}
        for entry in job["static_configs"]:
            reached = [target for target in entry["targets"] if not target.startswith(LOOPBACK)]
            if reached:
                found.append({"targets": reached, "labels": {**labels, **entry["labels"]}})
    return found


def _model_labels(backend: str, host: str, models: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the labels of each model that a backend serves on a host; `__param_model` is how it is asked for."""
    served = [
        model["name"]
        for model in models
        if model["backend"] == backend and model["state"] == "present" and host in model["hosts"]
    ]
    return [{"model": name, "__param_model": name} for name in served]


def inventory_rules(
    groups: Mapping[str, Sequence[str]],
    links: Iterable[Mapping[str, Any]],
    workstations: Iterable[str] = (),
    encrypted: Iterable[str] = (),
) -> dict[str, Any]:
    """Return recording rules that say what the inventory promises, for alerts and dashboards to compare with.

    A cable to a machine outside of the inventory may be unplugged at any time, so it is not promised.
    """
    rules = [
        _record("cluster:host:info", instance=host, system=system)
        for system in ("linux", "macos")
        for host in sorted(groups.get(system, []))
    ]
    rules += [_record("cluster:mac_workstation:info", instance=host) for host in workstations]
    rules += [_record("cluster:mac_filevault_allowed:info", instance=host) for host in encrypted]
    for link in (link for link in links if EXTERNAL not in link):
        for host, receptacle in link.items():
            peer = next((other for other in link if other != host), host)
            rules.append(
                _record("cluster:thunderbolt_cable:expected", instance=host, receptacle=str(receptacle), peer=peer)
            )
    if groups.get("exo"):
        rules.append({"record": "cluster:exo_nodes:expected", "expr": f"vector({len(groups['exo'])})"})
    return {"groups": [{"name": "inventory", "rules": rules}]}


def _record(name: str, **labels: str) -> dict[str, Any]:
    return {"record": name, "expr": "vector(1)", "labels": labels}


def alert_rules(text: str, delay: str | None = None, absent: Sequence[str] = ()) -> dict[str, Any]:
    """Return the rules of a file, all firing after the same delay where one is given, and without those not wanted."""
    try:
        document: dict[str, Any] = yaml.safe_load(text)
        rules = {rule["alert"]: rule for group in document["groups"] for rule in group["rules"]}
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise PrometheusError(f"The alert rules are not a mapping with groups of alerts: {error}") from error
    unknown = sorted(set(absent) - set(rules))
    if unknown:
        raise PrometheusError(
            f"prometheus_alerts_off names {', '.join(unknown)}, which no rule is called; write some of "
            f"{', '.join(sorted(rules))}."
        )
    for group in document["groups"]:
        group["rules"] = [rule for rule in group["rules"] if rule["alert"] not in absent]
        for rule in group["rules"] if delay else []:
            rule["for"] = delay
    return {"groups": [group for group in document["groups"] if group["rules"]]}
