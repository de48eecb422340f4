# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The services of the management node, as launchd knows them."""

from __future__ import annotations

import re

# Name of the service and the user of its program.
USERS = {
    "adguard-home": "_adguard",
    "alertmanager": "_alertmanager",
    "cluster-exporter": "_clusterexporter",
    "download-relay": "_downloads",
    "grafana": "_grafana",
    "node-exporter": "_nodeexporter",
    "prometheus": "_prometheus",
    "release-store": "_releases",
    "squid": "_squid",
}


def runner(host, name: str) -> int:
    """Return the process that launchd keeps."""
    return int(re.search(r"^\tpid = (\d+)$", host.check_output("launchctl print system/hybrid-ai.%s", name), re.M)[1])


def program(host, name: str) -> int:
    """Return the process of the program itself, which the one of launchd has begun."""
    return int(host.check_output("pgrep -P %s", str(runner(host, name))).split()[0])
