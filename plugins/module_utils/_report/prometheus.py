# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Prometheus: whether every target answers it, and whether its rules work."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._http import fetch_json
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report._base import (
    Arguments,
    Context,
    Kind,
    Measurement,
)

REQUEST_SECONDS = 10.0
PAUSE_SECONDS = 2.0


def _data(context: Context, url: str, path: str) -> dict[str, Any]:
    data: dict[str, Any] = fetch_json(context.fetch, f"{url.rstrip('/')}/api/v1/{path}", REQUEST_SECONDS)["data"]
    return data


def measure_targets(arguments: Arguments, context: Context) -> Measurement:
    """Look until every target of the jobs is up, or time is over: one that has just started is asked within seconds."""
    url, deadline = arguments.text("url"), time.monotonic() + (arguments.number("timeout") or 0.0)
    jobs = arguments.texts("jobs")
    while True:
        targets = _data(context, url, "targets?state=active")["activeTargets"]
        asked = [target for target in targets if target["labels"]["job"] in jobs]
        down = sorted(
            f"{target['labels']['job']} on {target['labels']['instance']}"
            for target in asked
            if target["health"] != "up"
        )
        if not down or time.monotonic() >= deadline:
            break
        time.sleep(PAUSE_SECONDS)
    measured = f"{len(asked) - len(down)} of {len(asked)} up" + (f", not {', '.join(down)}" if down else "")
    advice = "Look at the log of what is not up; the page /targets of Prometheus says how it fails."
    return Measurement(bool(asked) and not down, measured, "all up", advice)


def measure_rules(arguments: Arguments, context: Context) -> Measurement:
    """See that rules are loaded and that each could be evaluated."""
    groups = _data(context, arguments.text("url"), "rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    broken = sorted(rule["name"] for rule in rules if rule["health"] == "err")
    alerts = sum(rule["type"] == "alerting" for rule in rules)
    measured = f"{alerts} alerts and {len(rules) - alerts} recordings" + (
        f", {', '.join(broken)} failing" if broken else ""
    )
    return Measurement(
        alerts > 0 and not broken, measured, "loaded and working", "Look at the page /rules of Prometheus."
    )


TARGETS_KIND = Kind("targets of Prometheus", measure_targets, slow=True)
RULES_KIND = Kind("rules of Prometheus", measure_rules, slow=True)
