# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""The lines about the cache of downloads, its authority and who trusts it."""

from __future__ import annotations

import datetime
import ssl

import pytest
from ansible_collections.hybrid_ai.cluster.plugins.module_utils import _certificate, _http
from ansible_collections.hybrid_ai.cluster.plugins.module_utils._report import interception

from tests.unit.plugins.harness import call

NOW = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.timezone.utc)
INFO = """Squid Object Cache: Version 5.7
\tHits as % of bytes sent:\t5min: -0.0%, 60min: 66.7%
\tStorage Swap size:\t1572864 KB
"""
SQUID = {"check": "squid", "url": "http://10.66.1.10:3128", "gigabytes": 8}
CERTIFICATE = {"check": "certificate", "path": "/ca.pem", "minimum_days": 30}
SHOW = ["/usr/bin/openssl", "x509", "-in", "/ca.pem", "-noout", "-subject", "-enddate", "-pubkey"]
TRUST = {"check": "system_trust", "path": "/ca.pem"}
VERIFY = ["/usr/bin/security", "verify-cert", "-c", "/ca.pem", "-p", "ssl"]
OPENED = {
    "check": "interception",
    "host": "127.0.0.1",
    "port": 3127,
    "site": "site.example",
    "bundle": "/ca-bundle.pem",
    "authority": "home download cache",
}


@pytest.fixture
def line(run_module, host_files, monkeypatch):
    """Measure one check on a host with a certificate."""
    monkeypatch.setattr(_certificate, "utc_now", lambda: NOW)
    (host_files / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nb25l\n-----END CERTIFICATE-----\n")

    def measure(check, calls=()):
        (found,) = run_module("node_report", {"checks": [check]}, calls)["lines"]
        return found

    return measure


@pytest.mark.parametrize(
    ("answer", "ok", "measured"),
    [
        pytest.param(
            _http.Answer(200, INFO.encode()),
            True,
            "answers, 67 % of the last hour's bytes from the cache, 1.5 of 8 GB used",
            id="answers",
        ),
        pytest.param(_http.Answer(403, b"no"), False, "status 403 without Squid's numbers", id="refused"),
        pytest.param(_http.HttpError("it does not answer"), False, "it does not answer", id="dead"),
    ],
)
def test_squid(line, monkeypatch, answer, *, ok, measured):
    def fetch(url, timeout):
        assert url == "http://10.66.1.10:3128/squid-internal-mgr/info"
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(_http, "fetch", fetch)
    found = line(SQUID)
    assert (found["ok"], found["measured"]) == (ok, measured)


@pytest.mark.parametrize(
    ("days", "ok", "measured"),
    [
        pytest.param(30, True, "cache, 30 days left", id="long enough"),
        pytest.param(29, False, "cache, 29 days left", id="ends soon"),
        pytest.param(-2, False, "cache, ended 2 days ago", id="has ended"),
        pytest.param(None, False, "no certificate at /ca.pem", id="unreadable"),
    ],
)
def test_certificate(line, days, ok, measured):
    ends = NOW + datetime.timedelta(days=days or 0)
    text = f"subject=CN = cache\nnotAfter={ends:%b %d %H:%M:%S %Y} GMT\n-----BEGIN PUBLIC KEY-----\n"
    found = line(CERTIFICATE, [call(SHOW, out=text) if days else call(SHOW, rc=1)])
    assert (found["ok"], found["measured"]) == (ok, measured)


@pytest.mark.parametrize(
    ("answer", "measured"),
    [
        pytest.param(call(VERIFY), "trusted by the system: yes", id="trusted"),
        pytest.param(call(VERIFY, rc=1), "trusted by the system: no; once by hand or by MDM, with /ca.pem", id="not"),
        pytest.param(
            call(VERIFY, hangs=True), "trusted by the system: no; once by hand or by MDM, with /ca.pem", id="hangs"
        ),
    ],
)
def test_system_trust_is_told_and_no_failure(line, answer, measured):
    found = line(TRUST, [answer])
    assert (found["ok"], found["measured"]) == (True, measured)


@pytest.mark.parametrize(
    ("answer", "opened", "ok", "measured"),
    [
        pytest.param("home download cache", True, True, "signed by home download cache", id="opened"),
        pytest.param("A public CA", True, False, "signed by A public CA", id="not opened"),
        pytest.param("A public CA", False, True, "signed by A public CA", id="passed through"),
        pytest.param("home download cache", False, False, "signed by home download cache", id="opened, unwanted"),
        pytest.param(ConnectionRefusedError("refused"), True, False, "not reached: refused", id="no relay"),
        pytest.param(ssl.SSLError("bad"), True, False, "not reached: ('bad',)", id="not trusted"),
    ],
)
def test_interception(line, monkeypatch, answer, *, opened, ok, measured):
    def issuer(proxy, site, bundle):
        assert (proxy, site, bundle) == (("127.0.0.1", 3127), "site.example", "/ca-bundle.pem")
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(interception, "issuer", issuer)
    found = line({**OPENED, "opened": opened})
    assert (found["ok"], found["measured"]) == (ok, measured)
