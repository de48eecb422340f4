# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Rules about where metrics are sent; what the entries hold else, promtool reads before anything is replaced."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ansible_collections.hybrid_ai.cluster.plugins.module_utils._problem import Problem
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._secret_names import (
    is_secret_name,
    members,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._inventory_rules._model import Inventory

REMOTE_WRITE, PASSWORD = "prometheus_remote_write", "prometheus_remote_write_password"
FILE = "remote-write-password"


def remote_write(inventory: Inventory) -> Iterator[Problem]:
    """Check addresses and passwords; no sentence repeats one, since a token may stand in an address."""
    for host in inventory.hosts.values():
        urls = [str(entry.get("url") or "") for entry in host.get(REMOTE_WRITE) or ()]
        for place, url in enumerate(urls):
            fault = _fault(url)
            if fault:
                yield Problem(host.name, f"the url of {REMOTE_WRITE}[{place}] {fault}")
        for place, entry in enumerate(host.get(REMOTE_WRITE) or ()):
            for name in sorted({name for name, value in members(entry) if value and is_secret_name(name)}):
                yield Problem(
                    host.name,
                    f"{REMOTE_WRITE}[{place}] has a {name} in it, and is not kept secret; write {PASSWORD} for it, and"
                    f" {name}_file: {FILE} in its place.",
                )
        for url, count in Counter(urls).items():
            if url and count > 1:
                yield Problem(
                    host.name,
                    f"{REMOTE_WRITE} has the url of {REMOTE_WRITE}[{urls.index(url)}] {count} times, and would send "
                    "every sample as often; leave it there once.",
                )


def _fault(url: str) -> str:
    if not url:
        return "is missing; write where the other Prometheus takes samples, such as https://HOST/api/v1/write."
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "is not a valid address; write one such as https://HOST/api/v1/write."
    return ""
