# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every Mac asks the management Mac, which answers for the cluster and for the internet."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts, package_site

testinfra_hosts = lab_hosts("olab0", "olab1", "olab3")


def test_it_asks_the_management_node_first(host):
    assert "nameserver[0] : 10.66.1.10" in host.check_output("scutil --dns")


@pytest.mark.parametrize("name", ["olab2.olab", "grafana.olab", "exo.olab", package_site()])
def test_a_name_is_known(host, name):
    assert "ip_address: " in host.check_output("dscacheutil -q host -a name %s", name)


def test_everybody_is_answered_at_the_port_of_dns(manager):
    listeners = manager.check_output("lsof -nP -FpcLPn -iUDP:53 -iTCP:53").splitlines()
    assert "L_adguard" in listeners
    assert {"PUDP", "PTCP"} <= set(listeners)
    # Below 1024, macOS lets a user that is not root have all addresses or none.
    assert {line for line in listeners if line.startswith("n")} == {"n*:53"}
