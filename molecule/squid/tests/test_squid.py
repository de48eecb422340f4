# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The cache lies where the inventory says, listens there, lets in whom it names, and has the authority it describes."""

from __future__ import annotations

import os
import time

import pytest

from lab import sites
from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
ADDRESS = "10.66.1.10"
OPENING, PLAIN = f"http://{ADDRESS}:3228", f"http://{ADDRESS}:3229"
LOG = "/var/log/hybrid-ai/squid-requests/access.log"
CERTIFICATE = "/opt/cache/ca/ca.pem"
# A name that nobody has: what is let through fails with one of these later, as the name server has it.
# What is let through to a host that no name server knows ends in one of these, by version of Squid.
UNKNOWN, LET_THROUGH, REFUSED = "nobody.invalid", {"500", "502", "503"}, "403"
CLIENT, STRANGER = "198.51.100.7", "203.0.113.7"


def tunnel(host, target: str, source: str = ADDRESS) -> str:
    """Return the status that the cache answers with when an address asks it for a tunnel."""
    command = "curl --silent --output /dev/null --max-time 20 --write-out %s --interface %s --proxy %s https://%s/"
    return host.run(command, "%{http_connect}", source, PLAIN, target).stdout


@pytest.fixture
def _addresses(host):
    """Let requests come from addresses outside of the cluster."""
    for address in (CLIENT, STRANGER):
        host.check_output("ip address replace %s/32 dev lo", address)
    yield
    for address in (CLIENT, STRANGER):
        host.check_output("ip address del %s/32 dev lo", address)


@pytest.mark.parametrize("port", ["3128", "3129"])
def test_it_listens_at_its_ports_alone(host, port):
    assert "Squid Object Cache" in host.check_output("curl --silent %s/squid-internal-mgr/info", OPENING)
    assert host.run("curl --silent http://%s:%s/", ADDRESS, port).rc == 7
    assert host.run("curl --silent http://127.0.0.1:3228/").rc == 7


def test_it_runs_as_its_own_user(host):
    users = host.check_output("ps -C squid -o user= | sort -u").split()
    # The first process has the key and gives nothing else away.
    assert "_squid" in users
    assert set(users) <= {"_squid", "root"}


def test_its_places_are_where_they_are_wanted(host):
    cache = host.file("/var/cache/downloads")
    assert (cache.user, cache.mode) == ("_squid", 0o750)
    assert host.file("/var/cache/downloads/swap.state").exists
    assert host.file("/opt/cache/squid.conf").exists
    assert not host.file("/opt/hybrid-ai/squid").exists


def test_its_authority_has_the_name_and_the_life_that_are_wanted(host):
    said = host.check_output("openssl x509 -noout -subject -nameopt multiline -in %s", CERTIFICATE)
    assert "An authority of the scenario" in said
    days = 24 * 3600
    assert host.run("openssl x509 -noout -checkend %s -in %s", str(89 * days), CERTIFICATE).rc == 0
    assert host.run("openssl x509 -noout -checkend %s -in %s", str(91 * days), CERTIFICATE).rc == 1
    assert host.file("/opt/cache/ca/ca.key").mode == 0o600


def test_a_site_that_is_passed_through_shows_its_own_certificate(host):
    site = sites.read(os.environ["LAB_NAME"])["python"]
    said = host.run("curl --silent --verbose --output /dev/null --proxy %s https://%s/", OPENING, site).stderr
    assert "issuer:" in said
    assert "An authority of the scenario" not in said


def test_tunnels_lead_to_the_ports_that_are_wanted(host):
    assert tunnel(host, f"{UNKNOWN}:8443") in LET_THROUGH
    assert tunnel(host, f"{UNKNOWN}:444") == REFUSED


@pytest.mark.usefixtures("_addresses")
def test_clients_outside_of_the_cluster_are_let_in_by_name(host):
    assert tunnel(host, f"{UNKNOWN}:443", CLIENT) in LET_THROUGH
    assert tunnel(host, f"{UNKNOWN}:443", STRANGER) == REFUSED


def status(host, address: str) -> str:
    """Return the status that the cache answers with when this host asks for a page."""
    command = "curl --silent --output /dev/null --max-time 20 --write-out %s --proxy %s %s"
    return host.run(command, "%{http_code}", OPENING, address).stdout


@pytest.mark.parametrize(
    "address",
    [
        *("http://10.66.1.11/", "http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/", "http://localhost/"),
        *("http://10.66.64.1/", "http://172.17.0.1/", "http://127.0.0.1:8098/squid-internal-mgr/../x"),
    ],
)
def test_nothing_inside_is_reached(host, address):
    assert status(host, address) == REFUSED


def test_a_destination_inside_is_reached_where_it_is_named(host):
    assert status(host, "http://10.66.1.2/") not in {REFUSED, "000"}


def test_plain_ports_are_those_that_are_wanted(host):
    assert status(host, f"http://{UNKNOWN}:8080/") in LET_THROUGH
    assert status(host, f"http://{UNKNOWN}:8081/") == REFUSED


def test_old_logs_are_kept_as_long_as_wanted(host):
    for _ in range(4):
        tunnel(host, f"{UNKNOWN}:444")
        deadline = time.monotonic() + 10
        while not host.file(LOG).size:
            assert time.monotonic() < deadline, "nothing was written to the new log"
            time.sleep(0.2)
        host.check_output("logrotate --force /etc/logrotate.d/hybrid-ai-squid")
    found = host.check_output("ls /var/log/hybrid-ai/squid-requests").split()
    assert sorted(found) == ["access.log", "access.log.1", "access.log.2.gz"]
    assert host.file(f"{LOG}.1").user == "_squid"
