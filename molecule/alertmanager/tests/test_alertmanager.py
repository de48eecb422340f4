# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Alertmanager answers, and nobody but it reads its configuration, which may hold secrets."""

from __future__ import annotations

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
FILE = "/opt/hybrid-ai/etc/alertmanager/alertmanager.yml"


def test_it_is_ready(host):
    assert host.check_output("curl --silent --fail http://10.66.1.10:9093/-/ready").strip() == "OK"


def test_its_configuration_is_its_own(host):
    file = host.file(FILE)
    assert (file.user, file.group, file.mode) == ("root", "_alertmanager", 0o640)
    assert host.file(FILE.rpartition("/")[0]).mode == 0o750
