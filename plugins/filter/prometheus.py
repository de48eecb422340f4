# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Filters: what Prometheus asks and expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleFilterError
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils import _prometheus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def prometheus_alerts(text: str, delay: str | None = None, absent: Sequence[str] = ()) -> dict[str, Any]:
    """Return the alert rules of a file as they are wanted."""
    try:
        return _prometheus.alert_rules(text, delay, absent)
    except _prometheus.PrometheusError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "prometheus_scrape_configs": _prometheus.scrape_configs,
            "prometheus_discovery": _prometheus.discovered,
            "prometheus_inventory_rules": _prometheus.inventory_rules,
            "prometheus_alerts": prometheus_alerts,
        }
