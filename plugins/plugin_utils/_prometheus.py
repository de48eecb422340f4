# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""What Prometheus asks and expects, derived from the service table and the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class PrometheusError(Exception):
    """A rule file or a target is not usable as written."""


def scrape_configs(
    table: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, Sequence[str]],
    addresses: Mapping[str, str],
    logins: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Return one job for every service that has metrics and a host; an instance is called as its host is."""
    jobs = []
    for name, entry in table.items():
        hosts = groups.get(entry["group"], [])
        if not entry["metrics"] or not hosts:
            continue
        targets = [
            {
                "targets": [f"{service_address(entry, groups, addresses[host])}:{entry['port']}"],
                "labels": {"instance": host},
            }
            for host in sorted(hosts)
        ]
        login = {"basic_auth": dict(logins[name])} if logins and name in logins else {}
        jobs.append({"job_name": name, "metrics_path": entry["metrics"], **login, "static_configs": targets})
    return jobs


def inventory_rules(
    groups: Mapping[str, Sequence[str]], links: Iterable[Mapping[str, int]], workstations: Iterable[str] = ()
) -> dict[str, Any]:
    """Return recording rules that say what the inventory promises, for alerts and dashboards to compare with."""
    rules = [
        _record("cluster:host:info", instance=host, system=system)
        for system in ("linux", "macos")
        for host in sorted(groups.get(system, []))
    ]
    rules += [_record("cluster:mac_workstation:info", instance=host) for host in workstations]
    for link in links:
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
