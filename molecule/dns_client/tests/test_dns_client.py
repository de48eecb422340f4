# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""Hosts ask whom the inventory names, in its order, try its domains, and know no name of the cluster from a file."""

from __future__ import annotations

from tests.lab_hosts import lab_hosts, package_site

testinfra_hosts = lab_hosts("gpu1", "olab1")


def known(host, name: str) -> str:
    """Return what the system itself says about a name."""
    mac = host.backend.host.name == "olab1"
    return host.run("dscacheutil -q host -a name %s" if mac else "getent hosts %s", name).stdout


def test_it_asks_in_the_order_of_the_inventory(host):
    lines = host.file("/etc/resolv.conf").content_string.splitlines()
    assert [line for line in lines if line.startswith(("nameserver", "search"))] == [
        "search olab debian.org",
        "nameserver 10.66.1.1",
        "nameserver 10.66.1.10",
    ]


def test_a_mac_has_them_at_the_service_of_the_device(host):
    if host.backend.host.name == "olab1":
        assert host.check_output("networksetup -getdnsservers Ethernet").split() == ["10.66.1.1", "10.66.1.10"]
        assert host.check_output("networksetup -getsearchdomains Ethernet").split() == ["olab", "debian.org"]


def test_names_of_the_internet_are_known(host):
    assert package_site() in known(host, package_site())


def test_a_name_of_the_cluster_is_in_no_file(host):
    assert known(host, "olab2.olab") == ""
    assert "olab2.olab" not in host.file("/etc/hosts").content_string
