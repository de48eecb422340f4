# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Every host asks the management node first and others while it is dead, and knows the cluster's names anyway."""

from __future__ import annotations

from tests.lab_hosts import lab_hosts, package_site

testinfra_hosts = lab_hosts("olab0", "olab1", "olab2", "olab3", "gpu1")


def test_it_asks_the_management_node_first_and_then_the_router(host):
    lines = host.file("/etc/resolv.conf").content_string.splitlines()
    assert [line for line in lines if line.startswith(("nameserver", "search"))] == [
        "search olab",
        "nameserver 10.66.1.10",
        "nameserver 10.66.1.1",
    ]


def test_names_of_the_cluster_need_no_server(host):
    hosts = host.file("/etc/hosts").content_string
    for name in ("10.66.1.11 olab1.olab", "10.66.1.13 exo.olab", "10.66.1.10 adguard.olab"):
        assert name in hosts


def test_names_of_the_internet_are_known_while_nobody_answers_on_the_management_node(host):
    # In this scenario the management node has no DNS server.
    find = "dscacheutil -q host -a name" if host.file("/usr/bin/dscacheutil").exists else "getent hosts"
    assert package_site() in host.check_output(f"{find} {package_site()}")
