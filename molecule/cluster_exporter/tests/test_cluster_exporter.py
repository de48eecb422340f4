# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A source that is down is a figure and not an error."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")


@pytest.mark.parametrize("source", ["exo", "squid", "adguard_home"])
def test_every_source_is_told_about(host, source):
    page = host.check_output("curl --silent --fail http://127.0.0.1:9108/metrics")
    assert f'cluster_exporter_success{{source="{source}"}}' in page


def test_the_password_is_nobody_elses(host):
    file = host.file("/opt/hybrid-ai/etc/cluster-exporter/cluster-exporter.json")
    assert (file.user, file.group, file.mode) == ("root", "_clusterexporter", 0o640)
