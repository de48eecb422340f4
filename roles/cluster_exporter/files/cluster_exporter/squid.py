# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Squid: its own counters, and what it keeps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import fetch

if TYPE_CHECKING:
    from .exposition import Metrics

# Counter of Squid: metric, factor to its unit, text.
COUNTERS = {
    "client_http.requests": ("squid_client_requests_total", 1, "Requests of clients."),
    "client_http.hits": ("squid_client_hits_total", 1, "Requests answered from the cache."),
    "client_http.errors": ("squid_client_errors_total", 1, "Requests that ended in an error."),
    "client_http.kbytes_out": ("squid_client_sent_bytes_total", 1024, "Bytes sent to clients."),
    "client_http.hit_kbytes_out": ("squid_client_hit_bytes_total", 1024, "Bytes sent to clients from the cache."),
    "server.all.kbytes_in": ("squid_server_received_bytes_total", 1024, "Bytes fetched from the internet."),
    "server.all.requests": ("squid_server_requests_total", 1, "Requests to the internet."),
    "server.all.errors": ("squid_server_errors_total", 1, "Requests to the internet that failed."),
}
_SIZES = {
    "squid_disk_used_bytes": (re.compile(r"Storage Swap size:\s+(\d+) KB"), 1024, "What the cache keeps on disk."),
    "squid_memory_used_bytes": (re.compile(r"Storage Mem size:\s+(\d+) KB"), 1024, "What the cache keeps in memory."),
    "squid_disk_used_ratio": (re.compile(r"Storage Swap capacity:\s+([\d.]+)% used"), 0.01, "How full the cache is."),
    "squid_objects": (re.compile(r"(\d+) StoreEntries\b"), 1, "Objects the cache knows."),
}


class Source:
    """One Squid."""

    def __init__(self, configuration: dict[str, Any]) -> None:
        self._manager = f"{configuration['url'].rstrip('/')}/squid-internal-mgr"

    def measure(self, metrics: Metrics) -> None:
        """Ask its cache manager."""
        read_counters(metrics, fetch.text(f"{self._manager}/counters"))
        read_information(metrics, fetch.text(f"{self._manager}/info"))


def read_counters(metrics: Metrics, text: str) -> None:
    """Take the counters we know from lines `name = value`."""
    values = dict(re.findall(r"^(\S+) = ([\d.]+)$", text, re.MULTILINE))
    for name, (metric, factor, description) in COUNTERS.items():
        if name in values:
            metrics.add(metric, description, float(values[name]) * factor, counter=True)


def read_information(metrics: Metrics, text: str) -> None:
    """Take sizes from the page for people."""
    for metric, (pattern, factor, description) in _SIZES.items():
        match = pattern.search(text)
        if match:
            metrics.add(metric, description, float(match[1]) * factor)
