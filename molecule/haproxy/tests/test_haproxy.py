# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""One address leads every name to its page, says what is not there, and is counted."""

from __future__ import annotations

import pytest

from tests.lab_hosts import lab_hosts

testinfra_hosts = lab_hosts("olab0")
ADDRESS = "10.66.1.10"
PAGES = {
    "prometheus.olab:8080": 9190,
    "alertmanager.olab:8080": 9093,
    "grafana.olab:8080": 3300,
    "GRAFANA.olab:8080": 3300,
    "grafana:8080": 3300,
    "grafana.olab.:8080": 3300,
    "grafana.olab": 3300,
}
# Names that lead elsewhere, of services that fewer people may reach, and of nobody.
NO_PAGES = ["exo.olab", "cache.olab", "olab0.olab", ADDRESS, "nobody.olab", "grafana.olab.evil"]


def figures(host):
    return host.check_output("curl --silent --fail http://127.0.0.1:8504/metrics")


def ask(host, name, path="/", header="Accept: */*", login=":"):
    """Return status, type and body of a page."""
    end = "\n%{http_code} %{content_type}"
    command = "curl --silent --write-out %s -u %s -H %s -H %s %s"
    said = host.check_output(command, end, login, f"Host: {name}", header, f"http://{ADDRESS}:8080{path}")
    body, _, line = said.rpartition("\n")
    status, _, kind = line.partition(" ")
    return int(status), kind, body


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize(("name", "port"), PAGES.items())
def test_a_name_leads_to_its_page(host, login, name, port):
    status, _, body = ask(host, name, "/graph?x=1", login=login)
    assert (status, body.splitlines()[0]) == (200, f"{port} /graph?x=1")
    assert f"host: {name}" in body.splitlines()


@pytest.mark.usefixtures("pages")
def test_a_page_learns_who_asks(host):
    body = ask(host, "grafana.olab", header="X-Forwarded-For: 192.0.2.1")[2].lower()
    assert f"x-forwarded-for: {ADDRESS}" in body.splitlines()
    assert "192.0.2.1" not in body


@pytest.mark.parametrize("name", NO_PAGES)
def test_an_unknown_name_is_told_which_there_are(host, name):
    status, kind, body = ask(host, name)
    assert (status, kind) == (404, "text/plain; charset=utf-8")
    assert "http://grafana.olab:8080/, http://prometheus.olab:8080/" in body
    assert len(body.strip().splitlines()) == 1


def test_it_is_no_proxy(host):
    command = "curl --silent --output /dev/null --write-out %s --proxy http://%s:8080 http://cache.olab/"
    assert host.check_output(command, "%{http_code}", ADDRESS) == "404"


def test_a_page_that_is_down_is_named(host):
    status, _, body = ask(host, "adguard.olab")
    assert status == 503
    assert body.strip() == "adguard.olab (adguard_home) does not answer at the moment."


@pytest.mark.usefixtures("pages")
def test_a_page_that_takes_too_long_is_given_up(host):
    status, _, _ = ask(host, "grafana.olab:8080", "/slow")
    assert status == 504


def test_it_listens_at_its_ports_alone(host):
    assert host.run("curl --silent http://%s:80/", ADDRESS).rc == 7
    assert host.run("curl --silent http://127.0.0.1:8404/metrics").rc == 7


def failures(host):
    """Return how many requests for a page that is down were counted."""
    sample = 'haproxy_backend_http_responses_total{proxy="adguard_home",code="5xx"} '
    return next(float(line.removeprefix(sample)) for line in figures(host).splitlines() if line.startswith(sample))


def test_it_counts(host):
    before = failures(host)
    ask(host, "adguard.olab")
    assert failures(host) == before + 1


def test_it_does_not_run_as_root(host):
    processes = host.process.filter(comm="haproxy")
    assert len(processes) > 1
    assert {process.user for process in processes} == {"_haproxy"}


def test_the_distributions_own_unit_never_runs(host):
    assert host.file("/etc/systemd/system/haproxy.service").linked_to == "/dev/null"
