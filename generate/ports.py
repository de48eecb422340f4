# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The page of ports: the service table of the role cluster, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hybrid_ai.cluster.plugins.plugin_utils._service_table import service_table

from generate import markdown

if TYPE_CHECKING:
    from pathlib import Path

DEFAULTS = "roles/cluster_values/defaults/main.yml"
PAGE = "docs/ports.md"
_SOURCES = {
    "anywhere": "everybody",
    "lan": "`cluster_lan_subnet`",
    "cluster": "hosts of the inventory",
    "management": "the management node",
    "peers": "hosts of the same group",
}
_HEAD = f"""# Ports

Written by `make generate` from `cluster_services` in {DEFAULTS}; change that.

The packet filter of each host opens these ports to nobody else, but for 5353, which the system itself uses too.
Addresses in `firewall_trusted` count as hosts of the inventory. A port is changed with `cluster_service_overrides`,
such as `{{grafana: {{port: 3001}}}}`. Names are below `cluster_domain`; pages in a browser need no port, because the
web front on port 80 leads to them by name.

"""


def files(root: Path) -> dict[str, str]:
    """Return the text of the page."""
    services = yaml.safe_load((root / DEFAULTS).read_text(encoding="utf-8"))["cluster_services"]
    ordered = sorted(service_table(services).items(), key=lambda item: (item[1]["port"], item[0]))
    head = ("port", "service", "what it is", "on the hosts of", "open to", "name")
    return {PAGE: _HEAD + markdown.table(head, [_row(name, entry) for name, entry in ordered])}


def _row(name: str, entry: dict[str, Any]) -> tuple[str, ...]:
    return (
        f"{entry['port']}/{entry['protocol']}",
        f"`{name}`",
        entry["description"],
        f"`{entry['group']}`",
        ", ".join(_SOURCES[source] for source in entry["from"]),
        f"`{entry['dns']}`" if entry["dns"] else "",
    )
