# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""AdGuard Home: what it was asked within its statistics interval, and whether it works."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from . import fetch

if TYPE_CHECKING:
    from .exposition import Metrics

_PAUSE_SECONDS = 600.0
# Statistic: metric, factor to its unit, text.
STATISTICS = {
    "num_dns_queries": ("adguard_queries", 1, "Questions within the statistics interval."),
    "num_blocked_filtering": ("adguard_blocked", 1, "Questions refused by filters within the statistics interval."),
    "avg_processing_time": ("adguard_processing_seconds", 1, "Average time to an answer."),
}


class Source:
    """One AdGuard Home."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._url = configuration["url"].rstrip("/")
        self._user, self._password = configuration["user"], configuration["password"]
        self._not_before = 0.0

    def measure(self, metrics: Metrics) -> None:
        """Ask for state and statistics.

        A wrong password is tried again only after a while: five within a quarter of an hour lock this address out, the
        administrator's requests from here included.
        """
        if time.monotonic() < self._not_before:
            raise fetch.SourceError(
                f"{self._url} refused the password and is left alone for {_PAUSE_SECONDS:g} seconds"
            )
        try:
            status, statistics = self._ask("status"), self._ask("stats")
        except fetch.RefusedError:
            self._not_before = time.monotonic() + _PAUSE_SECONDS
            raise
        metrics.add("adguard_running", "Whether it answers DNS.", bool(status["running"]))
        metrics.add("adguard_protection_enabled", "Whether it filters.", bool(status["protection_enabled"]))
        metrics.add("adguard_version_info", "Its version.", 1, version=status["version"])
        for name, (metric, factor, text) in STATISTICS.items():
            metrics.add(metric, text, statistics[name] * factor)
        for entry in statistics.get("top_clients", [])[:10]:
            for client, count in entry.items():
                metrics.add("adguard_client_queries", "Questions by client, the busiest ten.", count, client=client)

    def _ask(self, what: str) -> Any:
        return fetch.document(f"{self._url}/control/{what}", self._user, self._password)
