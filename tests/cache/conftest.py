# Copyright: (c) 2026, the hybrid_ai.cluster contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real Squid and real packages from the registries this machine reaches, in a lab."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import pytest

from tests import states
from tests.site.cluster import Cluster

MANAGEMENT = "olab0"
LOG = "/var/log/hybrid-ai/squid-requests/access.log"


@dataclass(frozen=True)
class Line:
    """One request in the cache's log."""

    client: str
    result: str
    sent: int
    method: str
    url: str
    fetched: int
    """Bytes that came from outside."""


def parse(text: str) -> list[Line]:
    """Read the log: Squid's own format, with what came from outside at the end."""
    lines = []
    for words in (line.split() for line in text.splitlines()):
        _, _, client, result, sent, method, url, *_, fetched = words
        lines.append(Line(client, result, int(sent), method, url, int(fetched) if fetched != "-" else 0))
    return lines


class Cache:
    """The cluster with its cache, as the role made it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def shell(self, host: str, script: str) -> str:
        """Run a script as a login on a host would, with the environment the role wrote."""
        return self.cluster.login(host, script)

    def lines(self, part: str) -> list[Line]:
        """Return what was asked for, other than tunnels, with a text in its address."""
        text = self.cluster.execute(MANAGEMENT, "cat", LOG)
        return [line for line in parse(text) if line.method != "CONNECT" and part in line.url]

    def download(self, host: str, url: str) -> int:
        """Fetch an address with curl and return how many bytes arrived."""
        target = shlex.quote(url)
        return int(self.shell(host, f"curl --fail --silent --show-error -o /dev/null -w '%{{size_download}}' {target}"))


@pytest.fixture(scope="session")
def cache():
    """Return a cluster whose hosts download through its cache; the lab is left up."""
    states.managed()
    cluster = Cluster(states.lab_name())
    cluster.play("playbooks/cache.yml").succeeded()
    return Cache(cluster)
